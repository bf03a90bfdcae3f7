-- A database of SQLite as earlier servers made it, when all tables had one version: up to each mark it is of that version.

CREATE TABLE IF NOT EXISTS schema_version (version INTEGER PRIMARY KEY, name TEXT NOT NULL);

CREATE TABLE "account" (
    "host" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "scram_sha_1" TEXT NOT NULL,
    "scram_sha_256" TEXT NOT NULL,
    "scram_sha_512" TEXT NOT NULL,
    "created_at" INTEGER NOT NULL,
    "disabled" INTEGER NOT NULL,
    PRIMARY KEY ("host", "user")
) STRICT, WITHOUT ROWID;

CREATE TABLE "roster" (
    "host" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "contact" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "groups" TEXT NOT NULL,
    "out_axis" TEXT NOT NULL,
    "in_axis" TEXT NOT NULL,
    "approved" INTEGER NOT NULL,
    "listed" INTEGER NOT NULL,
    "pending" TEXT NOT NULL,
    "version" INTEGER NOT NULL,
    PRIMARY KEY ("host", "user", "contact")
) STRICT, WITHOUT ROWID;

CREATE TABLE "roster_version" (
    "host" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "counter" INTEGER NOT NULL,
    PRIMARY KEY ("host", "user")
) STRICT, WITHOUT ROWID;

CREATE TABLE "offline" (
    "host" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    "stamp" INTEGER NOT NULL,
    "xml" TEXT NOT NULL,
    "expire" INTEGER NOT NULL,
    PRIMARY KEY ("host", "user", "seq")
) STRICT, WITHOUT ROWID;

CREATE TABLE "private" (
    "host" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "ns" TEXT NOT NULL,
    "name" TEXT NOT NULL,
    "xml" TEXT NOT NULL,
    PRIMARY KEY ("host", "user", "ns", "name")
) STRICT, WITHOUT ROWID;

CREATE TABLE "vcard" (
    "host" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "xml" TEXT NOT NULL,
    PRIMARY KEY ("host", "user")
) STRICT, WITHOUT ROWID;

CREATE TABLE "last" (
    "host" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "seconds" INTEGER NOT NULL,
    "status" TEXT NOT NULL,
    PRIMARY KEY ("host", "user")
) STRICT, WITHOUT ROWID;

CREATE TABLE "secret" (
    "name" TEXT NOT NULL,
    "value" BLOB NOT NULL,
    PRIMARY KEY ("name")
) STRICT, WITHOUT ROWID;
INSERT INTO "account" VALUES ('localhost', 'juliet', 'k1', 'k256', 'k512', 7, 0);
INSERT INTO "roster" VALUES ('localhost', 'juliet', 'romeo@localhost', 'Romeo', 'Montagues' || char(31), 'to', 'from', 0, 1, '', 3);
INSERT INTO "roster_version" VALUES ('localhost', 'juliet', 3);
INSERT INTO "offline" VALUES ('localhost', 'juliet', 1, 1000, '<message/>', 0);
INSERT INTO "private" VALUES ('localhost', 'juliet', 'urn:x', 'x', '<x/>');
INSERT INTO "vcard" VALUES ('localhost', 'juliet', '<vCard/>');
INSERT INTO "last" VALUES ('localhost', 'juliet', 5, 'gone');
INSERT INTO "secret" VALUES ('auth', x'0102');
INSERT INTO schema_version VALUES (1, 'first');
-- version 1

ALTER TABLE "roster_version" ADD COLUMN "items" INTEGER NOT NULL DEFAULT -1;
ALTER TABLE "roster_version" ADD COLUMN "requests" INTEGER NOT NULL DEFAULT -1;
ALTER TABLE "roster_version" ADD COLUMN "octets" INTEGER NOT NULL DEFAULT -1;
INSERT INTO schema_version VALUES (2, 'roster_totals');
-- version 2
CREATE TABLE "aside" (
    "host" TEXT NOT NULL,
    "user" TEXT NOT NULL,
    "source" TEXT NOT NULL,
    "number" INTEGER NOT NULL,
    "stamp" INTEGER NOT NULL,
    "xml" TEXT NOT NULL,
    "why" TEXT NOT NULL,
    "seq" INTEGER NOT NULL,
    PRIMARY KEY ("host", "user", "source", "number")
) STRICT, WITHOUT ROWID;
INSERT INTO "aside" VALUES ('localhost', 'juliet', 'offline', 9, 1000, '<broken', 'unreadable', 1);
INSERT INTO schema_version VALUES (3, 'aside');
-- version 3

ALTER TABLE "offline" ADD COLUMN "total" INTEGER NOT NULL DEFAULT 0;
INSERT INTO schema_version VALUES (4, 'offline_total');
-- version 4
