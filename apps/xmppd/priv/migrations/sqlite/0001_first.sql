-- The first tables. Columns and keys are those of xmppd/store/tables.py.
-- WITHOUT ROWID: rows lie in the order of their key, so that a user's rows are neighbours.

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
