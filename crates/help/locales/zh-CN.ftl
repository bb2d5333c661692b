# 使用指南页面用语。
help-title = 使用指南
help-guides = 各岗位指南
help-about = 每种岗位一页简明指南，请选择您的一页。
help-picture = 图：{ $what }
