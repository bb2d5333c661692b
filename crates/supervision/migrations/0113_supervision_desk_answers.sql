-- How the shift leaders are told of an answer that the desk drafted.
INSERT INTO notice_templates (kind, lang, title, body, places, version, changed_at) VALUES
    ('case.answer_drafted_desk', 'zh-CN', '案件 {number} 答复待审核', '受理台已拟写“{matter}”的答复，请审核。', 'number matter', 1, 0),
    ('case.answer_drafted_desk', 'en', 'An answer to agree to: case {number}', 'The desk drafted the answer to {matter}. Please look at it.', 'number matter', 1, 0);
