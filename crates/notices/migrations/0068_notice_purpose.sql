-- 告知办理进展 — the purpose under which the program itself opens a contact to send a notice.
INSERT INTO vault_purposes (code, name_zh, name_en, basis, position) VALUES
    ('notice', '告知办理进展', 'Telling how the matter goes', '个人信息保护法第十三条第一款第（一）项：本人同意', 6)
ON CONFLICT (code) DO NOTHING;
