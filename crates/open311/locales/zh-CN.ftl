open311-menu = 公开文本
open311-texts = 公开前审读
open311-texts-help = 这些类别对公众公开。文字经人读过才会出现在公开数据里：删去姓名、住处和能认出个人的内容；不宜公开的不公开。图片不公开。
open311-texts-empty = 没有待审读的文字
open311-texts-empty-help = 公开类别的新上报会出现在这里。
open311-text = 公开的文字
open311-publish = 公开
open311-keep = 不公开
open311-published = 已公开。
open311-kept = 不公开，状态照常可查。
open311-notice = 已收到。请保存编号，用它可以查询进展。
open311-contact = 请联系本市城市运行管理中心。
open311-key-service = 密钥由系统管理员发放。
open311-condition = 是哪种情形
open311-condition-help = 选最接近的一种；不选也可以。
# Why words cannot become public.
open311-error-text = 这段文字不能公开：{ $reason }
