# 附件：拒绝时的说明。
attachments-error-one-file = 请选择一个文件。
attachments-error-empty = 文件是空的。
attachments-error-too-large = 文件太大，最多 { $megabytes } MB。
attachments-error-kind = 只能上传 JPEG、PNG、WebP 图片或 PDF 文件。
attachments-error-too-many-pixels = 图片尺寸太大，请缩小后再上传。
attachments-error-broken = 图片无法读取，可能已损坏，请重新拍摄或选择。
attachments-error-document = 这个 PDF 已加密、不完整或含有脚本等可执行内容，请另存为普通 PDF 后再上传。
attachments-error-not-found = 没有这个附件。
attachments-error-gone = 上传的文件已失效，请重新上传。
attachments-error-too-many = 附件太多，还可以添加 { $most } 个。
attachments-error-busy = 正在处理的上传较多，请稍后再试。
attachments-error-unavailable = 附件暂时无法存取，请联系系统管理员。
