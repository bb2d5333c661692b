# 个人信息保险库：拒绝时的说明。
vault-error-purpose = “{ $purpose }”不是查看个人信息的目的，请从目的清单中选择。
vault-error-not-found = 没有这个人的信息。
vault-error-erased = 此人的信息已经删除。
vault-error-confidential = 举报人的身份受保护，须两人同意并写明理由后才能查看。
vault-error-unmasking = 这个开启举报人身份的申请不能这样处理。
vault-error-field = { $field }：{ $reason }
vault-error-sealed = 个人信息暂时无法打开，请联系系统管理员。
