-- 举报 — how a shift leader is told that somebody asks to see who made a confidential report, and how whoever asked is told of
-- the decision. Number and time only: nothing of the person, nothing of the reason, no class.
INSERT INTO notice_templates (kind, lang, title, body, places, version, changed_at) VALUES
    ('case.unmask_asked', 'zh-CN', '案件 {number}：申请查看举报人', '有人申请查看保密案件 {number} 的举报人，须由另一位值班长决定，{until} 后失效。请看过申请理由再决定。', 'number until', 1, 0),
    ('case.unmask_asked', 'en', 'Case {number}: a request to see who reported it', 'Somebody asks to see who made the confidential report {number}. Another shift leader decides; the request lapses at {until}. Please read the reason first.', 'number until', 1, 0),
    ('case.unmask_granted', 'zh-CN', '案件 {number}：同意查看举报人', '您查看举报人的申请已获同意，{until} 前可以查看。每次查看都有记录，举报人看得到。', 'number until', 1, 0),
    ('case.unmask_granted', 'en', 'Case {number}: you may see who reported it', 'Your request was agreed to; you may look until {until}. Every look is recorded, and whoever reported it can read that.', 'number until', 1, 0),
    ('case.unmask_refused', 'zh-CN', '案件 {number}：未同意查看举报人', '您查看举报人的申请没有获得同意。', 'number', 1, 0),
    ('case.unmask_refused', 'en', 'Case {number}: you may not see who reported it', 'Your request to see who made the report was not agreed to.', 'number', 1, 0);
