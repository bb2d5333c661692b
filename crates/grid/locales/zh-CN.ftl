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
grid-error-unusable-file = 文件无法使用，什么都没有写入。{ $fault }
grid-file-fault = { $line ->
    [0] {""}
   *[other] 第 { $line } 行：
}{ $what ->
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
    [unreadable_map] 对照表不是完整的 TOML（{ $reason }）
    [unusable_map] 对照表的“{ $field }”：{ $reason }
    [unreadable_set] 读不懂这套指标定义（{ $reason }）
    [set_taken] 这套定义的这个版本已存在且内容不同；修改后请用下一个版本号
    [no_file] 没有选文件
    [no_metres] 请填写方格边长
    [no_border] 这个区划没有边界：请先导入边界，或改用文件
    [cannot_draw] 不能这样划方格（{ $reason }）
    [nothing_to_draw] 没有可以划方格的范围
    [no_points] 对照表里有经纬度两列时才能划方格
   *[other] { $reason }
}
# 导入时为什么不收一行，或文件为什么不能用，键是 grid-reject- 加代码；grid-column- 是列名。
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
grid-reject-unit-over = 单位 { $unit } 已于 { $end } 终止
grid-reject-unit-over-heir = 单位 { $unit } 已于 { $end } 终止，其工作由 { $heir } { $name } 接手
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
grid-reject-at = { $at }：{ $reason }
grid-reject-order-rows = 一次调整有 1 到 { $most } 行
grid-reject-missing-column = 缺少必需的列“{ $name }”{ $names ->
    [empty] {""}
   *[other] （也可写作 { $names }）
}
grid-reject-bad-shift = 责任网格 { $beat } 的班次里，星期不在 1 到 7 之间，或时间超出一天
grid-reject-bad-catalogue = 清单的代号是 1 到 60 个字，不能以 local: 开头，“{ $id }”不行
grid-reject-unwritable = 写不了“{ $file }”（{ $said }）
grid-reject-file-io = 读不出来（{ $said }）
grid-reject-file-long-record = 有一条记录超过 { $most } 字节，可能是引号没有成对
grid-reject-file-not-utf8 = 不是 UTF-8 编码的文本
grid-reject-map-source = 来源要有 1 到 100 个字的名称
grid-reject-map-timezone = 没有“{ $given }”这个时区
grid-reject-map-crs = “{ $given }”不是坐标系，可写 wgs84、cgcs2000、gcj02 或 bd09
grid-reject-map-district = 区县代码是六位数字
grid-reject-map-meaning = 列的含义不能是“{ $field }”，可以是 { $known }
grid-reject-map-column-needed = 对照表要说明哪一列是 { $field }
grid-reject-map-point = lat 和 lon 要一起写
grid-reject-map-states = 有状态对照，却没有说明状态在哪一列
grid-reject-map-format = 时间格式“{ $given }”不能用：格式里要有日期，例如 %Y-%m-%d
grid-reject-map-time = “{ $given }”读不成时间
grid-reject-map-missing-column = 文件里没有“{ $name }”这一列，现有：{ $known }
grid-reject-map-status = “{ $given }”不是状态，可以是 { $known }
grid-reject-draw-metres = 边长 { $metres } 米不行：方格边长是 10 到 5000 米
grid-reject-draw-other-size = 区县 { $district } 已有边长 { $there } 米的方格，请用同样大小，不要用 { $wanted } 米
grid-reject-draw-no-street = 区县 { $district } 已没有可用的街道编号
grid-reject-draw-many = 方格超过 { $most } 个，请划大一些
grid-reject-draw-many-in-community = 社区 { $community } 会有 { $cells } 个方格，最多只能编 { $most } 个号，请划大一些
grid-reject-draw-many-communities = { $division } 里会需要 { $communities } 个社区，请把方格划大一些
grid-reject-draw-too-high = { $division } 在区县以上：请选区县、街道或社区
grid-reject-draw-real-divisions = { $division } 里已有真实的区划，如 { $real }（{ $name }），请改在它的社区里划
grid-reject-draw-other-grids = 社区 { $community } 已有 { $there } 个别的网格；变了的网格要用新编码
grid-reject-calendar-no-date = “{ $given }”不是形如 2026-01-31 的日期
grid-reject-calendar-no-month-day = “{ $given }”不是形如 06-01 的月日
grid-reject-calendar-no-range = “{ $given }”不是形如 2026-06-01..2026-09-30 的起止日期
grid-reject-calendar-no-season = “{ $given }”不是形如 06-01..09-30 的季节
grid-reject-calendar-no-period = “{ $given }”不是形如 08:00-12:00 的工作时段
grid-reject-calendar-backward-period = “{ $given }”：工作时段的结束要晚于开始
grid-reject-calendar-late-period = “{ $given }”：工作时段最晚到 24:00
grid-reject-calendar-no-periods = 没有工作时段
grid-reject-calendar-overlap = { $first } 与 { $second } 重叠
grid-reject-calendar-periods-twice = 第 { $line } 行已写了平常的工作时段；一段时间的请写成“hours 起..止”
grid-reject-calendar-hours-twice = 平常的工作时段已经写过；一段时间的请写 from 或 to
grid-reject-calendar-no-year = “{ $given }”不是 1900 到 2200 之间的年份
grid-reject-calendar-backward = { $from }..{ $to } 的结束早于开始
grid-reject-calendar-long = { $from }..{ $to } 超过 { $most } 天
grid-reject-calendar-no-year-yet = 日子写在了第一个 year 行的前面
grid-reject-calendar-unknown-word = 不认得“{ $given }”
grid-reject-calendar-no-version = 版本没有名称
grid-reject-calendar-late-validity = 有效期要写在日子和时段的前面
grid-reject-calendar-other-year = { $date } 不属于 { $year } 年的通知
grid-reject-calendar-outside-validity = { $date } 不在有效期 { $from }..{ $to } 之内
grid-reject-calendar-line-break = { $date } 的名称里有换行
grid-reject-calendar-two-kinds = { $date } 既写了放假又写了上班
grid-reject-calendar-no-years = 日历要写 years，或者写 year 和它的 days
grid-reject-calendar-no-days = 文件里没有写任何日子
grid-reject-calendar-many-days = 文件里的日子超过 { $most } 个
grid-reject-calendar-no-ics-date = “{ $given }”不是形如 20260131 的日期
grid-reject-calendar-has-time = “{ $given }”带有时刻：只能整天放假或上班
grid-reject-calendar-repeats = 重复规则说不清哪些日子调休，请逐日写明
grid-reject-calendar-cut-off = 文件不完整：缺少 END:VCALENDAR
grid-reject-calendar-no-start = 有一个事件没有写开始日期（DTSTART）
grid-reject-calendar-no-column = 缺少“{ $name }”这一列
grid-reject-calendar-unknown-kind = “{ $given }”既不是休（off）也不是班（work）
grid-reject-calendar-reader = { $said }
# 收下了、但请人看一看的，键是 grid-remark- 加代码。
grid-remark-crossing = 区划 { $division } 的边界在 { $at } 附近自相交叉
grid-remark-no-parent = 区划 { $division } 的上级 { $parent } 没有登记
grid-remark-no-community = 单元网格 { $grid } 所在的社区没有登记
grid-remark-outside-community = 单元网格 { $grid } 在它的社区“{ $community }”之外
grid-remark-overlap = 单元网格 { $first } 与 { $second } 重叠
grid-remark-gap = 单元网格 { $grid } 旁边的 { $lon }, { $lat } 处有缝隙
grid-remark-many-grids = 社区 { $community } 有 { $cells } 个单元网格，最多只能编 { $most } 个号
grid-remark-no-unit-above = 上级单位“{ $unit }”没有登记
grid-remark-units-differ = 类别 { $class } 在不同的行写了不同的单位，没有为它生成权责
grid-remark-no-unit = 没有登记名为“{ $unit }”的单位，涉及 { $classes } 个类别
grid-remark-set-silence = { $id } 因 { $part } 而奖励“不作声”：保留并显示，但不评等级
grid-remark-set-target = { $id } 把数量 { $part } 当作目标：保留并显示，但不评等级
grid-remark-set-holders = { $id } 只涉及 { $holders } 个评价对象：保留并显示，但不评等级
grid-remark-set-not-hundred = { $id } 不满 100 分：保留并显示，但不评等级
grid-remark-set-gone = { $set } 不再有 { $id }
grid-remark-several-units = 有几个单位都叫“{ $unit }”，请改写编码，涉及 { $classes } 个类别
grid-reject-set-unreadable = 读不懂（{ $reason }）
grid-reject-set-too-long = 超过 1 MB
grid-reject-set-version = 版本从 1 起
grid-reject-set-empty = 一个指标也没有
grid-reject-set-too-many = 指标或评分超过 { $most } 个
grid-reject-set-grades = 等级要从最好的写起，下限逐个降低
grid-reject-set-finite = 不是有限的数
grid-reject-set-sum-over = 权重合计 { $points }，超过 100
grid-reject-set-sum = 要评等级的，权重合计应为 100，而不是 { $points }
grid-reject-set-twice = 同一编号已经出现过
grid-reject-set-post = 没有“{ $name }”这种岗位
grid-reject-set-no-post = 按岗位的评分要写明 post
grid-reject-set-post-elsewhere = 只有按岗位的评分才写 post
grid-reject-set-no-part = 没有组成部分
grid-reject-set-weight = 权重要大于 0、不超过 100
grid-reject-set-no-share = “{ $name }”不是比率
grid-reject-set-no-rate = 没有“{ $name }”这个指标
grid-reject-set-no-word = 没有“{ $name }”这个计数词
grid-reject-set-no-bands = 按数量计分要有分档
grid-reject-set-inverted = 数量的高低由分档表示，不能再写 inverted
grid-reject-set-part = 一个组成部分只能是一个指标或一个数量
grid-reject-set-per-grid = per_grid 只用于按区域的数量
grid-reject-set-last-band = 只有最后一档没有上限，而且它必须没有
grid-reject-set-bands = 分档的上限要逐个升高
grid-reject-set-points = 一档的分值在 0 到 100 之间
grid-reject-set-id = 编号是 1 到 80 个 a-z、0-9、_、-、/
grid-reject-set-name = 名称是 1 到 120 个字
grid-reject-set-terms = 要写 1 到 12 个计数词
grid-reject-set-whole = 这一项本身没有问题；但一套定义要么全部采用，要么全部不用
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
grid-column-from = 原单位
grid-column-to = 新单位
grid-column-row = 整行
