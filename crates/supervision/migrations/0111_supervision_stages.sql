-- 升级阶梯 for the stages beside handling, each of which has a clock of its own: for all classes, since before acceptance a
-- class is not sure. `at` and `tell` as in supervision_rungs; `tell` may also name the holder, whoever the stage waits for.
CREATE TABLE supervision_stage_rungs (
    stage      TEXT   NOT NULL,
    level      BIGINT NOT NULL,
    at         TEXT   NOT NULL,
    act        TEXT   NOT NULL,
    tell       TEXT   NOT NULL,
    name_zh    TEXT   NOT NULL,
    name_en    TEXT   NOT NULL,
    enabled    BIGINT NOT NULL,
    version    BIGINT NOT NULL,
    changed_at BIGINT NOT NULL,
    PRIMARY KEY (stage, level)
);
-- Whoever runs the desk learns what stays lying there, the leader what lies a day longer; the unit's head what is not signed
-- for. Whoever has the case sees it red in the own list.
INSERT INTO supervision_stage_rungs (stage, level, at, act, tell, name_zh, name_en, enabled, version, changed_at) VALUES
    ('verify',     1, '100%',     'overdue', '["shift_leader"]',         '超期未核实',         'Not verified in time', 1, 1, 0),
    ('accept',     1, '100%',     'overdue', '["shift_leader"]',         '超期未受理',         'Not accepted in time', 1, 1, 0),
    ('accept',     2, '+1工作日', 'overdue', '["leader"]',               '超期一日未受理',     'A day late in accepting', 1, 1, 0),
    ('register',   1, '100%',     'overdue', '["shift_leader"]',         '超期未立案',         'Not registered in time', 1, 1, 0),
    ('register',   2, '+1工作日', 'overdue', '["leader"]',               '超期一日未立案',     'A day late in registering', 1, 1, 0),
    ('dispatch',   1, '100%',     'overdue', '["shift_leader"]',         '超期未派遣',         'Not dispatched in time', 1, 1, 0),
    ('dispatch',   2, '+1工作日', 'overdue', '["leader"]',               '超期一日未派遣',     'A day late in dispatching', 1, 1, 0),
    ('coordinate', 1, '100%',     'overdue', '["leader"]',               '超期未协调',         'No ruling in time', 1, 1, 0),
    ('sign',       1, '100%',     'overdue', '["lead", "dispatcher"]',   '超期未签收',         'Not signed for in time', 1, 1, 0),
    ('sign',       2, '+1工作日', 'overdue', '["lead", "shift_leader"]', '超期一日未签收',     'A day late in signing for it', 1, 1, 0),
    ('check',      1, '100%',     'overdue', '["shift_leader"]',         '超期未核查',         'Not checked in time', 1, 1, 0),
    ('close',      1, '100%',     'overdue', '["shift_leader"]',         '超期未结案',         'Not closed in time', 1, 1, 0),
    ('close',      2, '+1工作日', 'overdue', '["leader"]',               '超期一日未结案',     'A day late in closing', 1, 1, 0),
    ('audit',      1, '100%',     'overdue', '["shift_leader"]',         '自处置超期未审核',   'Fix on the spot not audited in time', 1, 1, 0),
    ('call_back',  1, '100%',     'overdue', '["shift_leader"]',         '超期未回访',         'Not called back in time', 1, 1, 0);

INSERT INTO notice_templates (kind, lang, title, body, places, version, changed_at) VALUES
    ('supervision.stage_warning', 'zh-CN', '{rung}：案件 {number}', '“{matter}”的本环节时限已近，应于 {due} 前完成。', 'number matter rung due', 1, 0),
    ('supervision.stage_warning', 'en', '{rung}: case {number}', 'This step of {matter} is soon due: {due}.', 'number matter rung due', 1, 0),
    ('supervision.stage_overdue', 'zh-CN', '{rung}：案件 {number}', '“{matter}”的本环节应于 {due} 前完成，现已超期。', 'number matter rung due', 1, 0),
    ('supervision.stage_overdue', 'en', '{rung}: case {number}', 'This step of {matter} was due {due} and is late.', 'number matter rung due', 1, 0),
    ('supervision.stage_criticism', 'zh-CN', '{rung}：案件 {number}', '“{matter}”的本环节应于 {due} 前完成，超期仍未完成，予以通报。', 'number matter rung due', 1, 0),
    ('supervision.stage_criticism', 'en', '{rung}: case {number}', 'This step of {matter} was due {due} and is still not done.', 'number matter rung due', 1, 0);
