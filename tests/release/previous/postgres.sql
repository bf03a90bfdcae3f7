
CREATE TABLE public.account (
    host text NOT NULL COLLATE pg_catalog."C",
    "user" text NOT NULL COLLATE pg_catalog."C",
    scram_sha_1 text NOT NULL,
    scram_sha_256 text NOT NULL,
    scram_sha_512 text NOT NULL,
    created_at bigint NOT NULL,
    disabled boolean NOT NULL
);
CREATE TABLE public.aside (
    host text NOT NULL COLLATE pg_catalog."C",
    "user" text NOT NULL COLLATE pg_catalog."C",
    source text NOT NULL COLLATE pg_catalog."C",
    number bigint NOT NULL,
    stamp bigint NOT NULL,
    xml text NOT NULL,
    why text NOT NULL,
    seq bigint NOT NULL
);
CREATE TABLE public.last (
    host text NOT NULL COLLATE pg_catalog."C",
    "user" text NOT NULL COLLATE pg_catalog."C",
    seconds bigint NOT NULL,
    status text NOT NULL
);
CREATE TABLE public.module_schema (
    module text NOT NULL COLLATE pg_catalog."C",
    version bigint NOT NULL,
    account_tables text NOT NULL
);
CREATE TABLE public.offline (
    host text NOT NULL COLLATE pg_catalog."C",
    "user" text NOT NULL COLLATE pg_catalog."C",
    seq bigint NOT NULL,
    stamp bigint NOT NULL,
    xml text NOT NULL,
    expire bigint NOT NULL,
    total bigint DEFAULT 0 NOT NULL
);
CREATE TABLE public.private (
    host text NOT NULL COLLATE pg_catalog."C",
    "user" text NOT NULL COLLATE pg_catalog."C",
    ns text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL COLLATE pg_catalog."C",
    xml text NOT NULL
);
CREATE TABLE public.roster (
    host text NOT NULL COLLATE pg_catalog."C",
    "user" text NOT NULL COLLATE pg_catalog."C",
    contact text NOT NULL COLLATE pg_catalog."C",
    name text NOT NULL,
    groups text NOT NULL,
    out_axis text NOT NULL,
    in_axis text NOT NULL,
    approved boolean NOT NULL,
    listed boolean NOT NULL,
    pending text NOT NULL,
    version bigint NOT NULL
);
CREATE TABLE public.roster_version (
    host text NOT NULL COLLATE pg_catalog."C",
    "user" text NOT NULL COLLATE pg_catalog."C",
    counter bigint NOT NULL,
    items bigint DEFAULT '-1'::integer NOT NULL,
    requests bigint DEFAULT '-1'::integer NOT NULL,
    octets bigint DEFAULT '-1'::integer NOT NULL
);
CREATE TABLE public.schema_version (
    version integer NOT NULL,
    name text NOT NULL
);
CREATE TABLE public.secret (
    name text NOT NULL COLLATE pg_catalog."C",
    value bytea NOT NULL
);
CREATE TABLE public.vcard (
    host text NOT NULL COLLATE pg_catalog."C",
    "user" text NOT NULL COLLATE pg_catalog."C",
    xml text NOT NULL
);
INSERT INTO public.account VALUES ('localhost', 'alice', 'SCRAM-SHA-1$4096:bTtWdjyeOLiipqNgpzL6XA==$22qHXAXc9Fb+RC7wNjLgato7x7s=:00LHTjWRH6pjzIIV504x3jn8amM=', 'SCRAM-SHA-256$4096:JOatmP1DM8PjYlM6yazW8g==$6aKlFIuAJfF8W/e5+7DAt7T+LRSrj/44LRKuD3DxkXc=:mYqDecfPN10R6ALeDMqdhKZNXriXQgHrZKw5YB/mUWY=', 'SCRAM-SHA-512$4096:oA5blZHgvbwtENPKJe/+Mw==$mcOLKUp1HAMGNhHlbRmxs8zKOtrqTMTHDtOWOujuRNR6fnQtrkarNrfgJl16z28PmlK8AyozvqEhuy6sbBifqw==:k7rQMsBNslaZWV6MMY6qrBAGS2uhCVnY/m2uVP6xbPL3On1ggdg4Qrz4Rc6pjeBgncVunVIopLi91vvw3ZTUwg==', 1795916709, false);
INSERT INTO public.account VALUES ('localhost', 'bob', 'SCRAM-SHA-1$4096:LO3J5qaiP+MY8Ei0ZFBbaQ==$GRmPEZW9lAXqpll37EkrvxzqIOo=:K/ZtYI0qAO76XXW+N0D17C+AUB8=', 'SCRAM-SHA-256$4096:3qkiSKScL6ldc6MSwMTTnQ==$NEncARzFUl82u+wL554AQV1gVbIecZQYhvqOU9HgDfw=:bJ1cZlQygFkgQIYyNQkRhLwGcVC0oFqMGO8a4R45YOA=', 'SCRAM-SHA-512$4096:ALU21YWfrfKjHQsmyg6OPQ==$lC0vybEkYk8QkjHYWXLD/5cs1xVSLy1mOs29p4YeMJBklq2s3+zSDCvrMaQoDW6l4Q6XWNb5+4yB4EHrqy39CQ==:S3JygrbATl7GGO3oY5+qs0asQe2JApYF/KB8l9kt2NgVgK4SosLwDy1NDuoBjV53NABOOynbXMYNWvXX+0aLSg==', 1795916710, false);
INSERT INTO public.last VALUES ('localhost', 'bob', 1795916711, '');
INSERT INTO public.last VALUES ('localhost', 'alice', 1795916711, '');
INSERT INTO public.module_schema VALUES ('auth', 2, 'account');
INSERT INTO public.module_schema VALUES ('mod_last', 1, 'last');
INSERT INTO public.module_schema VALUES ('mod_offline', 3, 'offlineaside');
INSERT INTO public.module_schema VALUES ('mod_private', 1, 'private');
INSERT INTO public.module_schema VALUES ('mod_roster', 3, 'rosterroster_version');
INSERT INTO public.module_schema VALUES ('mod_vcard', 1, 'vcard');
INSERT INTO public.offline VALUES ('localhost', 'alice', 1, 1795916711214, '<message xmlns=''jabber:client'' to=''alice@localhost'' type=''chat'' from=''bob@localhost/home''><body>stored 0</body></message>', 0, 121);
INSERT INTO public.offline VALUES ('localhost', 'alice', 2, 1795916711235, '<message xmlns=''jabber:client'' to=''alice@localhost'' type=''chat'' from=''bob@localhost/home''><body>stored 1</body></message>', 0, 242);
INSERT INTO public.offline VALUES ('localhost', 'alice', 3, 1795916711261, '<message xmlns=''jabber:client'' to=''alice@localhost'' type=''chat'' from=''bob@localhost/home''><body>stored 2</body></message>', 0, 363);
INSERT INTO public.private VALUES ('localhost', 'alice', 'urn:example:notes', 'note', '<note xmlns=''urn:example:notes''>buy tea</note>');
INSERT INTO public.roster VALUES ('localhost', 'alice', 'bob@localhost', 'Bob the Builder', 'Friends', 'to', 'from', false, true, '', 1795916711070);
INSERT INTO public.roster VALUES ('localhost', 'bob', 'alice@localhost', '', '', 'to', 'from', false, true, '', 1795916711091);
INSERT INTO public.roster_version VALUES ('localhost', 'alice', 1795916711070, 1, 0, 98);
INSERT INTO public.roster_version VALUES ('localhost', 'bob', 1795916711091, 1, 0, 49);
INSERT INTO public.schema_version VALUES (5, 'module_schema');
INSERT INTO public.secret VALUES ('auth', '\xc46f448d0d277d8f8e64f29ec6cdbaf927dc1d51af0fd5bc75c3fff3c1d913df');
INSERT INTO public.vcard VALUES ('localhost', 'alice', '<vCard xmlns=''vcard-temp''><FN>Alice Liddell</FN></vCard>');
ALTER TABLE ONLY public.account
    ADD CONSTRAINT account_pkey PRIMARY KEY (host, "user");
ALTER TABLE ONLY public.aside
    ADD CONSTRAINT aside_pkey PRIMARY KEY (host, "user", source, number);
ALTER TABLE ONLY public.last
    ADD CONSTRAINT last_pkey PRIMARY KEY (host, "user");
ALTER TABLE ONLY public.module_schema
    ADD CONSTRAINT module_schema_pkey PRIMARY KEY (module);
ALTER TABLE ONLY public.offline
    ADD CONSTRAINT offline_pkey PRIMARY KEY (host, "user", seq);
ALTER TABLE ONLY public.private
    ADD CONSTRAINT private_pkey PRIMARY KEY (host, "user", ns, name);
ALTER TABLE ONLY public.roster
    ADD CONSTRAINT roster_pkey PRIMARY KEY (host, "user", contact);
ALTER TABLE ONLY public.roster_version
    ADD CONSTRAINT roster_version_pkey PRIMARY KEY (host, "user");
ALTER TABLE ONLY public.schema_version
    ADD CONSTRAINT schema_version_pkey PRIMARY KEY (version);
ALTER TABLE ONLY public.secret
    ADD CONSTRAINT secret_pkey PRIMARY KEY (name);
ALTER TABLE ONLY public.vcard
    ADD CONSTRAINT vcard_pkey PRIMARY KEY (host, "user");
