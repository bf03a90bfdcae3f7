-- The first tables. Columns and keys are those of xmppd/store/tables.py.
-- COLLATE "C": keys are ordered by code point, as in every other backend.

CREATE TABLE "account" (
    "host" TEXT COLLATE "C" NOT NULL,
    "user" TEXT COLLATE "C" NOT NULL,
    "scram_sha_1" TEXT NOT NULL,
    "scram_sha_256" TEXT NOT NULL,
    "scram_sha_512" TEXT NOT NULL,
    "created_at" BIGINT NOT NULL,
    "disabled" BOOLEAN NOT NULL,
    PRIMARY KEY ("host", "user")
);

CREATE TABLE "roster" (
    "host" TEXT COLLATE "C" NOT NULL,
    "user" TEXT COLLATE "C" NOT NULL,
    "contact" TEXT COLLATE "C" NOT NULL,
    "name" TEXT NOT NULL,
    "groups" TEXT NOT NULL,
    "out_axis" TEXT NOT NULL,
    "in_axis" TEXT NOT NULL,
    "approved" BOOLEAN NOT NULL,
    "listed" BOOLEAN NOT NULL,
    "pending" TEXT NOT NULL,
    "version" BIGINT NOT NULL,
    PRIMARY KEY ("host", "user", "contact")
);

CREATE TABLE "roster_version" (
    "host" TEXT COLLATE "C" NOT NULL,
    "user" TEXT COLLATE "C" NOT NULL,
    "counter" BIGINT NOT NULL,
    PRIMARY KEY ("host", "user")
);

CREATE TABLE "offline" (
    "host" TEXT COLLATE "C" NOT NULL,
    "user" TEXT COLLATE "C" NOT NULL,
    "seq" BIGINT NOT NULL,
    "stamp" BIGINT NOT NULL,
    "xml" TEXT NOT NULL,
    "expire" BIGINT NOT NULL,
    PRIMARY KEY ("host", "user", "seq")
);

CREATE TABLE "private" (
    "host" TEXT COLLATE "C" NOT NULL,
    "user" TEXT COLLATE "C" NOT NULL,
    "ns" TEXT COLLATE "C" NOT NULL,
    "name" TEXT COLLATE "C" NOT NULL,
    "xml" TEXT NOT NULL,
    PRIMARY KEY ("host", "user", "ns", "name")
);

CREATE TABLE "vcard" (
    "host" TEXT COLLATE "C" NOT NULL,
    "user" TEXT COLLATE "C" NOT NULL,
    "xml" TEXT NOT NULL,
    PRIMARY KEY ("host", "user")
);

CREATE TABLE "last" (
    "host" TEXT COLLATE "C" NOT NULL,
    "user" TEXT COLLATE "C" NOT NULL,
    "seconds" BIGINT NOT NULL,
    "status" TEXT NOT NULL,
    PRIMARY KEY ("host", "user")
);

CREATE TABLE "secret" (
    "name" TEXT COLLATE "C" NOT NULL,
    "value" BYTEA NOT NULL,
    PRIMARY KEY ("name")
);
