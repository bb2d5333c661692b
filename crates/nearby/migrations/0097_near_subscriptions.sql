-- 身边事订阅 — somebody without an account wants to hear of a place by e-mail. The address and the link that ends it lie in
-- the vault; here is only the hash of the link. Until it is confirmed by the link nothing but that link is sent.
-- `told_on` is the local day of the last digest, `told_until` the moment up to which changes were told.
CREATE TABLE near_subscriptions (
    district     TEXT   NOT NULL,
    id           BYTEA  NOT NULL,
    subject_id   BYTEA  NOT NULL,
    link_hash    BYTEA  NOT NULL,
    place        TEXT   NOT NULL,
    classes      TEXT   NOT NULL,
    lang         TEXT   NOT NULL,
    made_at      BIGINT NOT NULL,
    confirmed_at BIGINT,
    told_on      TEXT   NOT NULL,
    told_until   BIGINT NOT NULL,
    PRIMARY KEY (district, id)
);
CREATE INDEX near_subscriptions_by_link ON near_subscriptions (link_hash);
CREATE INDEX near_subscriptions_to_confirm ON near_subscriptions (made_at) WHERE confirmed_at IS NULL;
CREATE INDEX near_subscriptions_to_tell ON near_subscriptions (told_on, id) WHERE confirmed_at IS NOT NULL;

-- A letter that waits to be sent: at most one of each subscription. Sent or given up, it is removed. A letter that is sent
-- twice (the program was killed between sending and noting it) carries the same id twice.
CREATE TABLE near_letters (
    district        TEXT   NOT NULL,
    id              BYTEA  NOT NULL,
    subscription_id BYTEA  NOT NULL,
    kind            TEXT   NOT NULL,
    since           BIGINT NOT NULL,
    until           BIGINT NOT NULL,
    attempts        BIGINT NOT NULL,
    next_at         BIGINT NOT NULL,
    PRIMARY KEY (district, id),
    FOREIGN KEY (district, subscription_id) REFERENCES near_subscriptions (district, id)
);
CREATE UNIQUE INDEX near_letters_by_subscription ON near_letters (district, subscription_id);
CREATE INDEX near_letters_due ON near_letters (next_at);
