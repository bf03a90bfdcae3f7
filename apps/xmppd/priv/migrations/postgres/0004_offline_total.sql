-- Octets stored until and with a message (mods/offline/room.py); 0: not counted yet.

ALTER TABLE "offline" ADD COLUMN "total" BIGINT NOT NULL DEFAULT 0;
