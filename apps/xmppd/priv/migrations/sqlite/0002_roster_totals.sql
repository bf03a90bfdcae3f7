-- What a roster holds, counted as it changes (mods/roster/totals.py); -1: not counted yet.

ALTER TABLE "roster_version" ADD COLUMN "items" INTEGER NOT NULL DEFAULT -1;
ALTER TABLE "roster_version" ADD COLUMN "requests" INTEGER NOT NULL DEFAULT -1;
ALTER TABLE "roster_version" ADD COLUMN "octets" INTEGER NOT NULL DEFAULT -1;
