-- 身边事 — the newest cases of a street. Communities are asked for within their street, larger places walk all cases.
CREATE INDEX cases_by_street ON cases (substr(division, 1, 9), id);

-- 身边事订阅 — the purpose under which the program itself opens an address to send what is new at a place.
INSERT INTO vault_purposes (code, name_zh, name_en, basis, position) VALUES
    ('near', '订阅身边事', 'News about a place by e-mail', '个人信息保护法第十三条第一款第（一）项：本人同意', 7)
ON CONFLICT (code) DO NOTHING;
