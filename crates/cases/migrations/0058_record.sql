-- Fairness to the record, call-back, nature and answer. What a case holds of them is in its body; the columns are what lists
-- ask for: the case it went into, since when its requester may be called back, and which decision it waits for.
ALTER TABLE cases ADD COLUMN merged_into TEXT;
ALTER TABLE cases ADD COLUMN call_at BIGINT;
ALTER TABLE cases ADD COLUMN waits_for TEXT;
-- What was merged before says so in its last event of that kind: {"event":"merged","into":"…"}.
UPDATE cases SET merged_into = (SELECT substr(e.fact, 27, length(e.fact) - 28) FROM case_events e
    WHERE e.district = cases.district AND e.case_id = cases.id AND e.fact LIKE '{"event":"merged",%' ORDER BY e.seq DESC LIMIT 1)
    WHERE state = 'merged';
CREATE INDEX cases_by_merge ON cases (merged_into) WHERE merged_into IS NOT NULL;
CREATE INDEX cases_by_call ON cases (call_at, id) WHERE call_at IS NOT NULL;
CREATE INDEX cases_by_wait ON cases (waits_for, id) WHERE waits_for IS NOT NULL;

-- Lists that a city changes: natures of contacts, counts that may be appealed against, reasons to leave a call-back out of
-- the rates, what a dissatisfied requester misses, doors that are open after a refusal.
CREATE TABLE case_lists (
    kind         TEXT   NOT NULL,
    code         TEXT   NOT NULL,
    name_zh      TEXT   NOT NULL,
    name_en      TEXT   NOT NULL,
    also         TEXT   NOT NULL,
    direct       BIGINT NOT NULL,
    confidential BIGINT NOT NULL,
    active       BIGINT NOT NULL,
    position     BIGINT NOT NULL,
    PRIMARY KEY (kind, code)
);
INSERT INTO case_lists (kind, code, name_zh, name_en, also, direct, confidential, active, position) VALUES
    ('nature', 'consultation', '咨询', 'Question',   '',     1, 0, 1, 1),
    ('nature', 'help',         '求助', 'Request',    '求决', 0, 0, 1, 2),
    ('nature', 'complaint',    '投诉', 'Complaint',  '',     0, 0, 1, 3),
    ('nature', 'tip',          '举报', 'Tip-off',    '',     0, 1, 1, 4),
    ('nature', 'suggestion',   '建议', 'Suggestion', '意见', 1, 0, 1, 5),
    ('nature', 'thanks',       '感谢', 'Thanks',     '表扬', 1, 0, 1, 6),
    ('appeal', 'late',         '超期',       'Late',                     '', 0, 0, 1, 1),
    ('appeal', 'rework',       '返工',       'Rework',                   '', 0, 0, 1, 2),
    ('appeal', 'dissatisfied', '不满意',     'Dissatisfied',             '', 0, 0, 1, 3),
    ('appeal', 'reopened',     '重新办理',   'Reopened',                 '', 0, 0, 1, 4),
    ('exclusion', 'no_legal_basis', '诉求没有法律依据',       'The request has no legal basis',      '', 0, 0, 1, 1),
    ('exclusion', 'waits_policy',   '须等待政策出台',         'It waits for a policy',               '', 0, 0, 1, 2),
    ('exclusion', 'in_court',       '已进入诉讼、仲裁、复议', 'It is before a court or in review',   '', 0, 0, 1, 3),
    ('exclusion', 'not_competent',  '不属于本市职权',         'No authority of the city may decide', '', 0, 0, 1, 4),
    ('exclusion', 'wrong_number',   '回访对象不是反映人',     'Somebody else answered the call',     '', 0, 0, 1, 5),
    ('missing', 'not_done',      '问题没有解决',     'It is not solved',              '', 0, 0, 1, 1),
    ('missing', 'half_done',     '只解决了一部分',   'It is solved in part',          '', 0, 0, 1, 2),
    ('missing', 'came_back',     '问题又出现了',     'It has come back',              '', 0, 0, 1, 3),
    ('missing', 'no_contact',    '没有人联系我',     'Nobody got in touch',           '', 0, 0, 1, 4),
    ('missing', 'too_slow',      '办得太慢',         'It took too long',              '', 0, 0, 1, 5),
    ('missing', 'unclear',       '答复看不懂、不具体', 'The answer is unclear',       '', 0, 0, 1, 6),
    ('missing', 'attitude',      '态度不好',         'I was treated badly',           '', 0, 0, 1, 7),
    ('door', 'again',       '有新情况可以再次反映',                 'Report again when something new has come up', '', 0, 0, 1, 1),
    ('door', 'emergency',   '紧急情况请拨打 110、119、120',         'In an emergency call 110, 119 or 120',        '', 0, 0, 1, 2),
    ('door', 'mediation',   '人民调解',                             'People''s mediation',                         '', 0, 0, 1, 3),
    ('door', 'review',      '行政复议、行政诉讼',                   'Administrative review or a court',            '', 0, 0, 1, 4),
    ('door', 'arbitration', '仲裁',                                 'Arbitration',                                 '', 0, 0, 1, 5),
    ('door', 'petition',    '信访',                                 'The petition office',                         '', 0, 0, 1, 6),
    ('door', 'disclosure',  '政府信息公开申请',                     'A request for government information',        '', 0, 0, 1, 7);

-- 答复模板 — the sentences of an answer, for all classes or for those whose code begins so. The most exact one is used.
CREATE TABLE answer_templates (
    kind   TEXT NOT NULL,
    matter TEXT NOT NULL,
    zh     TEXT NOT NULL,
    en     TEXT NOT NULL,
    PRIMARY KEY (kind, matter)
);
INSERT INTO answer_templates (kind, matter, zh, en) VALUES
    ('handled', '', '{"found":"您反映的{matter}（{place}），核查情况：{condition}。","done":"{result} 办结方式：{closing}。","rule":"依据立案标准 {standard}。","by":"{unit}","next":"对结果不满意，可以在 {days} 天内凭查询链接要求重新办理；也请您评价。"}',
     '{"found":"On your report about {matter} ({place}) we found: {condition}.","done":"{result} Closed as: {closing}.","rule":"By standard {standard}.","by":"{unit}","next":"If you are not content, ask within {days} days by your private link that it is done again; please also rate it."}'),
    ('direct', '', '{"done":"{result}","next":"对答复不满意，可以在 {days} 天内凭查询链接要求重新办理；也请您评价。"}',
     '{"done":"{result}","next":"If you are not content, ask within {days} days by your private link that it is looked at again; please also rate it."}'),
    ('refused', '', '{"found":"您反映的{matter}（{place}）。","done":"不能办理，原因：{reason}","next":"您还可以走这些渠道：{doors}。"}',
     '{"found":"Your report about {matter} ({place}).","done":"It cannot be taken up. Reason: {reason}","next":"These doors are still open: {doors}."}'),
    ('ended', '', '{"found":"您反映的{matter}（{place}）。","done":"本件已作废，原因：{reason}","next":"如有疑问，请再次反映。"}',
     '{"found":"Your report about {matter} ({place}).","done":"It was declared void. Reason: {reason}","next":"If in doubt, please report again."}');
