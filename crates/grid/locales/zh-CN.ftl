# 区划与网格的文字。
grid-menu = 辖区
grid-all = 辖区与网格
grid-map = 区划与单元网格
grid-divisions = 区划
grid-name = 名称
grid-level = 级别
grid-level-province = 省级
grid-level-city = 地级
grid-level-district = 县级
grid-level-street = 乡级
grid-level-community = 村级
grid-cells = 单元网格
grid-area = 面积
grid-residents = 居民
grid-households = 户
grid-code = 编码
grid-land-use = 用地
grid-beat = 责任网格
grid-drawn = 绘制
grid-empty = 这里没有下级区划，也没有单元网格
grid-empty-advice = 系统管理员在“管理”里导入，也可以用命令 shiyu import divisions 和 shiyu import grid。
grid-draw = 划单元网格
grid-error-unusable-file = { $line ->
    [0] 文件无法使用，什么都没有写入：{ $reason }
   *[other] 文件无法使用，什么都没有写入。第 { $line } 行：{ $reason }
}
