-- What modbridge 0.1.0 left behind when it was killed during an outage (version 1 of its tables), as SQL.
PRAGMA user_version = 1;
BEGIN TRANSACTION;
CREATE TABLE boots(id INTEGER PRIMARY KEY, boot TEXT NOT NULL UNIQUE, offset_ms INTEGER);
INSERT INTO "boots" VALUES(1,'00000000-0000-4000-8000-000000000001',1795686183564);
CREATE TABLE clouds(id INTEGER PRIMARY KEY, name TEXT NOT NULL UNIQUE);
INSERT INTO "clouds" VALUES(1,'here');
CREATE TABLE commands(serial INTEGER PRIMARY KEY, device TEXT NOT NULL, id TEXT NOT NULL, fingerprint TEXT NOT NULL, state INTEGER NOT NULL, boot INTEGER NOT NULL, at_ms INTEGER NOT NULL, request TEXT, response TEXT, crc INTEGER NOT NULL, UNIQUE(device, id));
INSERT INTO "commands" VALUES(1,'HW/meter','kept-1','3c0a355ac7310407728d500974da2f7e',2,1,27908334,NULL,'{"id":"kept-1","state":"completed","payload":{"goal":17}}',152621015);
CREATE TABLE notes(kind TEXT NOT NULL, device TEXT NOT NULL, key TEXT NOT NULL, text TEXT NOT NULL, PRIMARY KEY(kind, device, key));
CREATE TABLE outbox(id INTEGER PRIMARY KEY, cloud INTEGER NOT NULL, kind INTEGER NOT NULL, boot INTEGER NOT NULL, at_ms INTEGER, crc INTEGER NOT NULL, topic TEXT NOT NULL, payload TEXT NOT NULL);
INSERT INTO "outbox" VALUES(6,1,1,1,27907936,1623925330,'v1/from/HW/meter/v1/telemetry','{"value":100,"alerts":[],"conn_alerts":[]}');
INSERT INTO "outbox" VALUES(7,1,1,1,27908937,3054211649,'v1/from/HW/meter/v1/telemetry','{"value":100,"alerts":[],"conn_alerts":[]}');
INSERT INTO "outbox" VALUES(8,1,1,1,27909937,3533424195,'v1/from/HW/meter/v1/telemetry','{"value":100,"alerts":[],"conn_alerts":[]}');
INSERT INTO "outbox" VALUES(9,1,1,1,27910937,3048165375,'v1/from/HW/meter/v1/telemetry','{"value":100,"alerts":[],"conn_alerts":[]}');
INSERT INTO "outbox" VALUES(10,1,1,1,27911937,58016580,'v1/from/HW/meter/v1/telemetry','{"value":100,"alerts":[],"conn_alerts":[]}');
CREATE TABLE responses(id INTEGER PRIMARY KEY, cloud INTEGER NOT NULL, kind INTEGER NOT NULL, boot INTEGER NOT NULL, at_ms INTEGER, crc INTEGER NOT NULL, topic TEXT NOT NULL, payload TEXT NOT NULL);
COMMIT;
