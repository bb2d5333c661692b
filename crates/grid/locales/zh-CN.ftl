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
grid-error-unusable-file = 文件无法使用，什么都没有写入。{ $line ->
    [0] {""}
   *[other] 第 { $line } 行：
}{ $what ->
    [missing_column] 缺少必需的列“{ $field }”
    [forbidden_column] “{ $field }”这一列本系统不收：不对人打分、排名、贴标签
    [refused_column] “{ $field }”这一列本系统不收：不对人打分、排名、贴标签
    [column_twice] 有两列都表示“{ $field }”
    [doubled_column] “{ $field }”所指的列有两个
    [not_utf8] 不是 UTF-8 编码的文本
    [old_workbook] 是旧的 .xls 格式，请另存为 .xlsx
    [unreadable_workbook] 这个工作簿读不出来，可能已损坏
    [too_large] 文件太大
    [no_header] 没有表头
    [unreadable_csv] 表头读不出来，可能是引号没有成对
    [unreadable_geojson] 不是完整的 GeoJSON：括号没有闭合，或者内容不是要素集合
    [unknown_crs] 坐标系不认得，请先转成 WGS 84 或 CGCS2000 的经纬度
    [empty_file] 是空的
    [empty_calendar] 日历里没有年份、日子或工作时段
    [bad_version] 日历版本是 1 到 100 个字，不能带斜线
    [version_taken] 这个日历版本已有不同内容，且已有时限按它计算；请换一个版本名
    [year_not_announced] 文件自称知道 { $field } 年的安排，却没有把国庆节（{ $field }-10-01）列为休息日，而每年的放假通知都会列出。通知公布以前，{ $field } 年的时限仍是暂定的；本地已经确定的日子，请用 CSV 或写在“local”之下
    [unreadable_calendar] 日历读不懂（{ $reason }）
    [no_file] 没有选文件
    [no_metres] 请填写方格边长
    [no_border] 这个区划没有边界：请先导入边界，或改用文件
    [cannot_draw] 不能这样划方格（{ $reason }）
    [nothing_to_draw] 没有可以划方格的范围
    [no_points] 对照表里有经纬度两列时才能划方格
   *[other] { $reason }
}
# 导入时为什么不收一行，键是 grid-reject- 加代码；grid-column- 是列名。
grid-reject-line = 第 { $line } 行，{ $column }：{ $reason }
grid-reject-empty = 没有填写
grid-reject-too-long = 超过 { $most } 个字
grid-reject-no-date = 不是形如 2026-01-31 的日期
grid-reject-backward = 结束早于开始
grid-reject-no-count = 不是 0 或更大的整数
grid-reject-no-flag = 既不是“是”也不是“否”（可写 1、0、true、false、是、否）
grid-reject-formula = 是还没有算出结果的公式：请在表格软件里算好并保存，或直接写出内容
grid-reject-cell-error = 单元格显示的是表格软件的错误：请直接写出内容
grid-reject-unreadable-row = 这一行读不出来，可能是引号没有成对
grid-reject-forbidden-column = “{ $name }”含有“{ $word }”：本系统不对人打分、排名、贴标签
grid-reject-forbidden-class = 类别“{ $name }”含有“{ $word }”：本系统不对人打分、排名、贴标签
grid-reject-person-number = 像是身份证号码，只能存入保险库，不能写在这里
grid-reject-bad-code = 编码的位数或数字不对
grid-reject-no-property = 没有这一项
grid-reject-no-polygon = 不是 GeoJSON 的多边形
grid-reject-no-ring = 多边形没有边界
grid-reject-open-ring = 第 { $ring } 圈边界没有闭合
grid-reject-flat-ring = 第 { $ring } 圈边界没有围住任何地方
grid-reject-bad-vertex = 第 { $ring } 圈第 { $vertex } 个点的坐标缺失、不是数字或超出范围
grid-reject-many-vertices = 边界的点太多
grid-reject-crossing = 边界在 { $lon }, { $lat } 附近自相交叉
grid-reject-limit-amount = 时限前面没有数字
grid-reject-limit-bounds = 时限的数字不在 1 到 { $max } 之间
grid-reject-limit-fraction = 时限须是整数；不足一天的请用小时
grid-reject-limit-clock = 不认得这种时限，可写紧急工作时、紧急工作日、工作时、工作日、自然日
grid-reject-limit-bare = “{ $unit }”没有说明按哪种时间计，请写明工作日、工作时等，或在导入选项里指定
grid-reject-limit-remark = “{ $remark }”说的是另一个时限：一行只写一个
grid-reject-limit-two-clocks = 说了两种计时方式
grid-reject-limit-bracket = 括号没有闭合
grid-reject-limit-rest = 时限后面多出“{ $rest }”
grid-reject-twice = 第 { $line } 行已有同一项，而内容不同
grid-reject-unknown-grid = 没有这个单元网格
grid-reject-other-beat = 已归责任网格 { $beat }
grid-reject-unit-kind = 不是单位类型，可填党委、政府、企业、事业单位、社会组织、群众团体、居民自治组织或个人
grid-reject-kept-code = 带斜线的编码留给由案件导入产生的单位
grid-reject-no-office-phone = 不是办公电话
grid-reject-unknown-class = 事项清单里没有以此开头的类别
grid-reject-unknown-beat = 没有这个责任网格
grid-reject-unknown-unit = 没有单位使用这个编码
grid-reject-two-places = 一条权责写区划或责任网格，不能两个都写
grid-reject-no-task = 只能是核实（verify）或核查（check）
grid-reject-limit-goes-on = 没有填写；没有合并单元格的文件说不清上一行的时限是否适用，请写明，没有时限的写“无”
grid-reject-two-limits = 类别 { $class } 的同一条件在{ $sheet ->
    [empty] {""}
   *[other] 工作表“{ $sheet }”
}第 { $line } 行写的是“{ $limit }”：以哪个为准？
grid-reject-says-otherwise = 与第 { $line } 行对类别 { $class } 的说法不一致
grid-reject-same-rule = 这个类别里已有同一编号的条件
grid-reject-no-class-number = 不是两位数的类别编号
grid-reject-matter-kind = 只能是部件（component）、事件（event）或其他（other）
grid-reject-kind-nowhere = 没有填写，工作表名称和导入选项也没有说明是部件还是事件
grid-reject-conduct-warnable = 涉及人的行为的类别不发预警：本系统不对人打分、排名、贴标签
grid-reject-no-rule-number = 不是 1 到 999 的编号
grid-reject-no-limit = 没有填写；没有时限的写“无”
grid-reject-fields = 这一行有 { $found } 栏，表头有 { $header } 栏
grid-reject-no-id = 没有编号
grid-reject-nul = 含有不能保存的字符（NUL）
grid-reject-no-report-time = 没有上报时间
grid-reject-unknown-status = 对照表里没有这个状态，已有：{ $known }
grid-reject-no-time = 对照表里没有能读懂它的时间格式
grid-reject-time-range = 时间超出范围
grid-reject-same-id = 前面已有同一编号的行，而内容不同
grid-column-code = 编码
grid-column-name = 名称
grid-column-name-en = 英文名
grid-column-kind = 类型
grid-column-parent = 上级
grid-column-division = 区划
grid-column-phone = 电话
grid-column-valid-from = 起始日期
grid-column-valid-to = 终止日期
grid-column-residents = 常住人口
grid-column-households = 户数
grid-column-adcode = 区划代码
grid-column-geometry = 边界
grid-column-grid = 单元网格
grid-column-beat = 责任网格
grid-column-land-use = 用地
grid-column-major = 大类代码
grid-column-minor = 小类代码
grid-column-major-name = 大类名称
grid-column-name-zh = 小类名称
grid-column-rule-no = 条件编号
grid-column-condition = 立案条件
grid-column-limit = 处置时限
grid-column-closing = 结案条件
grid-column-evidence = 取证要求
grid-column-legal-basis = 法律依据
grid-column-mandatory = 必须立案
grid-column-local = 本地扩展
grid-column-keywords = 关键词
grid-column-default-nature = 诉求性质
grid-column-public = 公开
grid-column-warnable = 可预警
grid-column-confidential = 保密
grid-column-verify = 须核实
grid-column-claimable = 可认领
grid-column-unit = 处置单位
grid-column-competent = 主管部门
grid-column-owning = 权属单位
grid-column-maintaining = 养护单位
grid-column-handling = 处置单位
grid-column-catalogue = 目录
grid-column-matter = 事项
grid-column-list = 清单
grid-column-task = 任务
grid-column-approved-by = 准入依据
grid-column-approved-on = 准入日期
grid-column-id = 编号
grid-column-reported-at = 上报时间
grid-column-closed-at = 结束时间
grid-column-due-at = 到期时间
grid-column-status = 状态
grid-column-channel = 渠道
grid-column-description = 描述
grid-column-address = 地址
grid-column-lat = 纬度
grid-column-lon = 经度
grid-column-row = 整行
