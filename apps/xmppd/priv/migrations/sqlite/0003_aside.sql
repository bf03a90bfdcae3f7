-- what was stored and cannot be read: out of the way of the rest, for whoever looks into it
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
