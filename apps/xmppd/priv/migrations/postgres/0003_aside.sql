-- what was stored and cannot be read: out of the way of the rest, for whoever looks into it
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
