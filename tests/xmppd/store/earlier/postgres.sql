-- A database of PostgreSQL as earlier servers made it, when all tables had one version: up to each mark it is of that version.

CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL);

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
INSERT INTO "account" VALUES ('localhost', 'juliet', 'k1', 'k256', 'k512', 7, FALSE);
INSERT INTO "roster" VALUES ('localhost', 'juliet', 'romeo@localhost', 'Romeo', 'Montagues' || chr(31), 'to', 'from', FALSE, TRUE, '', 3);
INSERT INTO "roster_version" VALUES ('localhost', 'juliet', 3);
INSERT INTO "offline" VALUES ('localhost', 'juliet', 1, 1000, '<message/>', 0);
INSERT INTO "private" VALUES ('localhost', 'juliet', 'urn:x', 'x', '<x/>');
INSERT INTO "vcard" VALUES ('localhost', 'juliet', '<vCard/>');
INSERT INTO "last" VALUES ('localhost', 'juliet', 5, 'gone');
INSERT INTO "secret" VALUES ('auth', '\x0102');
INSERT INTO schema_version VALUES (1, 'first');
-- version 1

ALTER TABLE "roster_version" ADD COLUMN "items" bigint NOT NULL DEFAULT -1;
ALTER TABLE "roster_version" ADD COLUMN "requests" bigint NOT NULL DEFAULT -1;
ALTER TABLE "roster_version" ADD COLUMN "octets" bigint NOT NULL DEFAULT -1;
INSERT INTO schema_version VALUES (2, 'roster_totals');
-- version 2
CREATE TABLE "aside" (
    "host" TEXT COLLATE "C" NOT NULL,
    "user" TEXT COLLATE "C" NOT NULL,
    "source" TEXT COLLATE "C" NOT NULL,
    "number" BIGINT NOT NULL,
    "stamp" BIGINT NOT NULL,
    "xml" TEXT NOT NULL,
    "why" TEXT NOT NULL,
    "seq" BIGINT NOT NULL,
    PRIMARY KEY ("host", "user", "source", "number")
);
INSERT INTO "aside" VALUES ('localhost', 'juliet', 'offline', 9, 1000, '<broken', 'unreadable', 1);
INSERT INTO schema_version VALUES (3, 'aside');
-- version 3

ALTER TABLE "offline" ADD COLUMN "total" BIGINT NOT NULL DEFAULT 0;
INSERT INTO schema_version VALUES (4, 'offline_total');
-- version 4
