/* xload: single-threaded epoll load generator for XMPP servers.
 * Runs one workload against one server and prints one JSON object per measured phase on stdout.
 * With --sm N clients enable stream management (XEP-0198): they acknowledge at once, ask after each N stanzas, and check
 * every count of the server.
 * Server CPU time is read here (process CPU clocks of the whole process tree), at the phase borders.
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <math.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <openssl/err.h>
#include <openssl/evp.h>
#include <openssl/hmac.h>
#include <openssl/ssl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

enum { TLS_NONE, TLS_DIRECT, TLS_START };
enum { M_PLAIN, M_SHA1, M_SHA256 };
static const char *mech_name[] = { "PLAIN", "SCRAM-SHA-1", "SCRAM-SHA-256" };

static struct {
    const char *host, *domain, *muc, *prefix, *password, *workload, *steps;
    int port, tls, mech, users, conc, window, msgs, contacts, senders, per, rich, tofull, noreg, noxmldecl, rereg, quiet, debug, sm;
    double rate, rate2frac, secs, settle, stall;
    int pids[256], npids;
} O = { .host = "127.0.0.1", .domain = "localhost", .muc = "conference.localhost", .prefix = "b", .password = "secret123",
        .workload = "w1", .steps = "1000,5000", .port = 5222, .users = 1000, .conc = 20, .window = 4, .msgs = 20000, .contacts = 20,
        .senders = 10, .per = 20, .rate = 0, .rate2frac = 0, .secs = 4, .settle = 0.3, .stall = 15 };

enum { S_NEW, S_CONNECT, S_TLS, S_FEAT, S_STARTTLS, S_REG, S_AUTH1, S_AUTH2, S_FEAT2, S_BIND, S_SESSION, S_ROSTER, S_READY, S_CLOSING, S_DEAD };
typedef struct conn {
    int fd, id, state, events;
    SSL *ssl;
    char *in; uint32_t inlen, incap;
    char *out; uint32_t outlen, outoff, outcap;
    /* parser */
    uint32_t scan, start, tag; int depth; uint8_t intag, q;
    uint8_t dirty, reg, tlsdone, wantw, restart, nopres;
    char jid[96]; int jidlen, barelen;
    double t0;
    /* scram */
    char cnonce[24]; char *cfb; unsigned char salted[32]; char salt[96]; int iter; int sc_mech; int sc_ok; char authmsg[1400];
    /* workload */
    int a, b, n, pend, seq, flag; double ts;
    /* XEP-0198: 0 off, 1 asked for, 2 on; what was sent, acknowledged, asked for, received; a request is due */
    int sm; uint32_t smsent, smacked, smasked, smin; uint8_t smdue;
} conn;

static conn *C; static int NC; static int ep = -1; static SSL_CTX *ctx; static conn **dirty; static int ndirty;
static long n_smon, n_smask, n_sma, n_smr; /* enabled, requests sent, acknowledgements and requests received */
static uint64_t progress; static int n_ready, n_fail, n_reg, n_err, n_bad, n_dead; static char firsterr[300];
static void (*W_stanza)(conn *, char *, int, const char *, int); static void (*W_ready)(conn *); static void (*W_fail)(conn *);
static char rbuf[1 << 18];
static char tls_cipher[64]; static char feat_seen[1500];

static double now(void) { struct timespec t; clock_gettime(CLOCK_MONOTONIC, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static void note(const char *fmt, ...) {
    char b[300]; va_list ap; va_start(ap, fmt); vsnprintf(b, sizeof b, fmt, ap); va_end(ap);
    for (char *p = b; *p; p++) if (*p == '"' || *p == '\\' || (unsigned char)*p < 32) *p = '\'';
    if (!firsterr[0]) strcpy(firsterr, b);
    if (O.debug) fprintf(stderr, "note: %s\n", b);
}
static void die(const char *m) { printf("{\"fatal\":\"%s\"}\n", m); fflush(stdout); exit(2); }

/* ---------- accounting ---------- */
static int tree[4096], ntree;
static void find_tree(void) {
    static int pid[65536], ppid[65536]; int n = 0; DIR *d = opendir("/proc"); struct dirent *e;
    while ((e = readdir(d)) && n < 65536) {
        if (!isdigit((unsigned char)e->d_name[0])) continue;
        char p[300], b[512]; snprintf(p, sizeof p, "/proc/%s/stat", e->d_name); int f = open(p, O_RDONLY); if (f < 0) continue;
        int r = read(f, b, sizeof b - 1); close(f); if (r <= 0) continue; b[r] = 0; char *q = strrchr(b, ')'); if (!q) continue;
        char st; int pp; if (sscanf(q + 1, " %c %d", &st, &pp) != 2) continue; pid[n] = atoi(e->d_name); ppid[n++] = pp;
    }
    closedir(d); ntree = 0;
    for (int i = 0; i < O.npids; i++) tree[ntree++] = O.pids[i];
    for (int i = 0; i < ntree; i++) for (int j = 0; j < n; j++) if (ppid[j] == tree[i]) {
        int have = 0; for (int k = 0; k < ntree; k++) if (tree[k] == pid[j]) have = 1;
        if (!have && ntree < 4096) tree[ntree++] = pid[j];
    }
}
static void cpu_times(double *total, double *sys) {
    double t = 0, s = 0; long hz = sysconf(_SC_CLK_TCK); find_tree();
    for (int i = 0; i < ntree; i++) {
        clockid_t ck; struct timespec ts; char p[64], b[600];
        if (!clock_getcpuclockid(tree[i], &ck) && !clock_gettime(ck, &ts)) t += ts.tv_sec + ts.tv_nsec * 1e-9;
        snprintf(p, sizeof p, "/proc/%d/stat", tree[i]); int f = open(p, O_RDONLY); if (f < 0) continue;
        int r = read(f, b, sizeof b - 1); close(f); if (r <= 0) continue; b[r] = 0; char *q = strrchr(b, ')') + 2;
        unsigned long ut, st; long cut, cst;
        if (sscanf(q, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %lu %lu %ld %ld", &ut, &st, &cut, &cst) == 4) { t += (double)(cut + cst) / hz; s += (double)(st + cst) / hz; }
    }
    *total = t; *sys = s;
}
static void mem(double *pss, double *rss) {
    *pss = *rss = 0; find_tree();
    for (int i = 0; i < ntree; i++) {
        char p[64], l[256]; snprintf(p, sizeof p, "/proc/%d/smaps_rollup", tree[i]); FILE *f = fopen(p, "r"); if (!f) continue;
        double v; while (fgets(l, sizeof l, f)) { if (sscanf(l, "Pss: %lf", &v) == 1) *pss += v; else if (sscanf(l, "Rss: %lf", &v) == 1) *rss += v; }
        fclose(f);
    }
}
static double machine_busy(double *steal) {
    FILE *f = fopen("/proc/stat", "r"); double u, n, s, i, w, q, sq, st; double b = 0; *steal = 0;
    if (f && fscanf(f, "cpu %lf %lf %lf %lf %lf %lf %lf %lf", &u, &n, &s, &i, &w, &q, &sq, &st) == 8) { b = (u + n + s + q + sq) / 100; *steal = st / 100; }
    if (f) fclose(f);
    return b;
}
static double selfcpu(void) { struct timespec t; clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t); return t.tv_sec + t.tv_nsec * 1e-9; }
static struct { const char *name; double cpu, sys, self, busy, steal, t; int bad, err, dead; long smask, sma, smr; } PH;
static float *lat; static int nlat, caplat;
static void lat_add(double s) { if (nlat == caplat) { caplat = caplat ? caplat * 2 : 65536; lat = realloc(lat, caplat * sizeof *lat); } lat[nlat++] = s * 1e3; }
static int fcmp(const void *a, const void *b) { float x = *(float *)a, y = *(float *)b; return x < y ? -1 : x > y; }
static void phase_begin(const char *name) {
    PH.name = name; nlat = 0; PH.bad = n_bad; PH.err = n_err; PH.dead = n_dead; PH.smask = n_smask; PH.sma = n_sma; PH.smr = n_smr; firsterr[0] = 0;
    PH.busy = machine_busy(&PH.steal); cpu_times(&PH.cpu, &PH.sys); PH.self = selfcpu(); PH.t = now();
}
/* tend: time of the last useful event. ops: units the cost is divided by. */
static void phase_end(double ops, double expected, double tend, const char *extra) {
    double cpu, sys, st, self = selfcpu() - PH.self, wall_all = now() - PH.t; cpu_times(&cpu, &sys); double busy = machine_busy(&st);
    cpu -= PH.cpu; sys -= PH.sys; double wall = tend > PH.t ? tend - PH.t : wall_all;
    printf("{\"phase\":\"%s\",\"ops\":%.0f,\"lost\":%.0f,\"bad\":%d,\"err\":%d,\"dead\":%d,\"wall\":%.4f,\"cpu\":%.4f,\"sys\":%.2f,\"us_per_op\":%.3f,\"ops_per_s\":%.1f,\"gen_cpu\":%.4f,\"other_cpu_frac\":%.3f,\"steal\":%.2f",
           PH.name, ops, expected - ops, n_bad - PH.bad, n_err - PH.err, n_dead - PH.dead, wall, cpu, sys, ops ? cpu / ops * 1e6 : 0, wall > 0 ? ops / wall : 0, self,
           (busy - PH.busy - cpu - self) / wall_all, st - PH.steal);
    if (nlat) {
        qsort(lat, nlat, sizeof *lat, fcmp);
        printf(",\"p50\":%.3f,\"p90\":%.3f,\"p99\":%.3f,\"p999\":%.3f,\"pmax\":%.3f", lat[nlat / 2], lat[(int)(nlat * .9)], lat[(int)(nlat * .99)], lat[(int)(nlat * .999)], lat[nlat - 1]);
    }
    if (O.sm) printf(",\"sm_on\":%ld,\"sm_asked\":%ld,\"sm_acks\":%ld,\"sm_requests\":%ld", n_smon, n_smask - PH.smask, n_sma - PH.sma, n_smr - PH.smr);
    if (firsterr[0]) printf(",\"note\":\"%s\"", firsterr);
    printf("%s%s}\n", extra && *extra ? "," : "", extra ? extra : ""); fflush(stdout);
}

/* ---------- connection ---------- */
static void setev(conn *c, int ev) { if (c->events == ev) return; struct epoll_event e = { .events = ev, .data.ptr = c }; epoll_ctl(ep, EPOLL_CTL_MOD, c->fd, &e); c->events = ev; }
static void conn_fail(conn *c, const char *why);
static void conn_drop(conn *c) { if (c->ssl) { SSL_free(c->ssl); c->ssl = NULL; } if (c->fd >= 0) close(c->fd); c->fd = -1; c->inlen = c->outlen = c->outoff = 0; c->state = S_DEAD; }
static void conn_flush(conn *c) {
    if (c->fd < 0 || c->state == S_CONNECT || c->state == S_TLS) return;
    while (c->outoff < c->outlen) {
        int n;
        if (c->ssl) { n = SSL_write(c->ssl, c->out + c->outoff, c->outlen - c->outoff);
            if (n <= 0) { int e = SSL_get_error(c->ssl, n); if (e == SSL_ERROR_WANT_WRITE || e == SSL_ERROR_WANT_READ) { setev(c, EPOLLIN | EPOLLOUT); return; } conn_fail(c, "ssl write"); return; } }
        else { n = send(c->fd, c->out + c->outoff, c->outlen - c->outoff, MSG_NOSIGNAL);
            if (n < 0) { if (errno == EAGAIN) { setev(c, EPOLLIN | EPOLLOUT); return; } conn_fail(c, strerror(errno)); return; } }
        c->outoff += n;
    }
    c->outoff = c->outlen = 0; setev(c, EPOLLIN);
}
static void outn(conn *c, const char *s, int n) {
    if (c->fd < 0) return;
    if (c->outlen + n > c->outcap) { c->outcap = (c->outlen + n) * 2; if (c->outcap < 512) c->outcap = 512; c->out = realloc(c->out, c->outcap); }
    memcpy(c->out + c->outlen, s, n); c->outlen += n;
    if (!c->dirty) { c->dirty = 1; dirty[ndirty++] = c; }
}
static void sm_count(conn *c, const char *s) { /* one call of out() begins one stanza, or none */
    if (!c->sm || s[0] != '<' || !((s[1] == 'i' && s[2] == 'q') || !strncmp(s + 1, "message", 7) || !strncmp(s + 1, "presence", 8))) return;
    if (++c->smsent - c->smasked >= (uint32_t)O.sm) c->smdue = 1;
}
static void __attribute__((format(printf, 2, 3))) out(conn *c, const char *fmt, ...) { static char b[16384]; va_list ap; va_start(ap, fmt); int n = vsnprintf(b, sizeof b, fmt, ap); va_end(ap); if (c->fd < 0) return; outn(c, b, n); sm_count(c, b); }
static void sm_ask(conn *c) { static const char r[] = "<r xmlns='urn:xmpp:sm:3'/>"; c->smdue = 0; c->smasked = c->smsent; n_smask++; outn(c, r, sizeof r - 1); }
static void flush_dirty(void) { for (int i = 0; i < ndirty; i++) { conn *c = dirty[i]; if (c->smdue && c->sm == 2 && c->state == S_READY) sm_ask(c); c->dirty = 0; conn_flush(c); } ndirty = 0; }
static void stream_open(conn *c) { c->depth = 0; c->intag = 0; c->q = 0; out(c, "%s<stream:stream to='%s' xmlns='jabber:client' xmlns:stream='http://etherx.jabber.org/streams' version='1.0'>", O.noxmldecl ? "" : "<?xml version='1.0'?>", O.domain); }
static void conn_start(conn *c) {
    c->fd = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK, 0); if (c->fd < 0) die("socket(): out of file descriptors");
    int one = 1; setsockopt(c->fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof one);
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(O.port) }; inet_pton(AF_INET, O.host, &a.sin_addr);
    if (!strncmp(O.host, "127.", 4)) { /* many source addresses: no ephemeral port or TIME_WAIT shortage */
        static unsigned rr; struct sockaddr_in s = { .sin_family = AF_INET }; s.sin_addr.s_addr = htonl(0x7f000002 + (rr++ % 40)); setsockopt(c->fd, SOL_IP, IP_BIND_ADDRESS_NO_PORT, &one, sizeof one); bind(c->fd, (void *)&s, sizeof s);
    }
    c->state = S_CONNECT; c->tlsdone = 0; c->ssl = NULL; c->inlen = c->outlen = c->outoff = 0; c->scan = c->start = c->tag = 0; c->depth = 0; c->intag = 0; c->sm = 0; c->smsent = c->smacked = c->smasked = c->smin = 0; c->smdue = 0; c->t0 = now();
    if (connect(c->fd, (void *)&a, sizeof a) < 0 && errno != EINPROGRESS) { c->events = 0; conn_fail(c, strerror(errno)); return; }
    struct epoll_event e = { .events = EPOLLOUT, .data.ptr = c }; c->events = EPOLLOUT; epoll_ctl(ep, EPOLL_CTL_ADD, c->fd, &e);
}
static void conn_fail(conn *c, const char *why) {
    int st = c->state; conn_drop(c); progress++;
    if (st == S_CLOSING || st == S_DEAD) return;
    note("conn %d failed in state %d: %s", c->id, st, why);
    if (st == S_READY) { n_dead++; n_ready--; } else { n_fail++; if (W_fail) W_fail(c); }
}

/* ---------- xml helpers ---------- */
static int attr(const char *tag, int tlen, const char *name, const char **v, int *vl) {
    int nl = strlen(name); const char *p = tag + 1, *e = tag + tlen;
    while (p < e && !isspace((unsigned char)*p) && *p != '>' && *p != '/') p++;
    while (p < e) {
        while (p < e && isspace((unsigned char)*p)) p++;
        const char *n = p; while (p < e && *p != '=' && *p != '>' && !isspace((unsigned char)*p)) p++;
        int l = p - n; while (p < e && isspace((unsigned char)*p)) p++;
        if (p >= e || *p != '=') return 0;
        p++; while (p < e && isspace((unsigned char)*p)) p++;
        char q = *p++; const char *s = p; p = memchr(p, q, e - p); if (!p) return 0;
        if (l == nl && !memcmp(n, name, nl)) { *v = s; *vl = p - s; return 1; }
        p++;
    }
    return 0;
}
static int attreq(const char *tag, int tlen, const char *name, const char *val) { const char *v; int l; return attr(tag, tlen, name, &v, &l) && l == (int)strlen(val) && !memcmp(v, val, l); }
static int taglen(const char *s, int len) { char q = 0; for (int i = 0; i < len; i++) { if (q) { if (s[i] == q) q = 0; } else if (s[i] == '"' || s[i] == '\'') q = s[i]; else if (s[i] == '>') return i + 1; } return len; }
static int has(const char *s, int len, const char *needle) { return memmem(s, len, needle, strlen(needle)) != NULL; }
static int isel(const char *s, int len, const char *name) { /* local name of the element */
    int n = strlen(name), i = 1; while (i < len && i < 40 && (isalnum((unsigned char)s[i]) || s[i] == '-' || s[i] == '_')) i++;
    if (i < len && s[i] == ':') s += i, len -= i;
    return len > n + 1 && !memcmp(s + 1, name, n) && (isspace((unsigned char)s[n + 1]) || s[n + 1] == '>' || s[n + 1] == '/');
}
/* one byte before the b of the (prefixed or not) start tag of a body without attributes */
static const char *body_at(const char *s, int len) { const char *p = memmem(s, len, "body>", 5); return p && p > s && (p[-1] == '<' || p[-1] == ':') ? p - 1 : NULL; }
static int user_of(const char *v, int l) { /* user index of a jid made by us, else -1 */
    int pl = strlen(O.prefix); if (l < pl + 6 || memcmp(v, O.prefix, pl)) return -1;
    int x = 0, i = pl; for (; i < l && isdigit((unsigned char)v[i]); i++) x = x * 10 + v[i] - '0';
    if (i == pl || i >= l || v[i] != '@' || x >= NC) return -1;
    return x;
}
static int bare_is(const char *v, int l, conn *c) { return l >= c->barelen && !memcmp(v, c->jid, c->barelen) && (l == c->barelen || v[c->barelen] == '/'); }
static int full_is(const char *v, int l, conn *c) { return l == c->jidlen && !memcmp(v, c->jid, l); }

/* ---------- login ---------- */
static const char b64c[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
static int b64e(const void *in, int n, char *o) { return EVP_EncodeBlock((unsigned char *)o, in, n); }
static int b64d(const char *in, int n, unsigned char *o) { int r = EVP_DecodeBlock(o, (const unsigned char *)in, n); while (n && in[n - 1] == '=') { n--; r--; } return r; }
static void sasl_start(conn *c) {
    char raw[300], e[420]; int n;
    if (O.mech == M_PLAIN) { n = snprintf(raw, sizeof raw, "%c%s%05d%c%s", 0, O.prefix, c->id, 0, O.password); b64e(raw, n, e); }
    else {
        for (int i = 0; i < 20; i++) c->cnonce[i] = b64c[rand() % 62];
        c->cnonce[20] = 0; n = snprintf(raw, sizeof raw, "n,,n=%s%05d,r=%s", O.prefix, c->id, c->cnonce); b64e(raw, n, e);
    }
    c->state = S_AUTH1; out(c, "<auth xmlns='urn:ietf:params:xml:ns:xmpp-sasl' mechanism='%s'>%s</auth>", mech_name[O.mech], e);
}
static void scram_final(conn *c, const char *b, int bl) {
    unsigned char raw[1024]; int n = bl < 1300 ? b64d(b, bl, raw) : -1; if (n <= 0) { conn_fail(c, "bad scram challenge"); return; }
    raw[n] = 0; char nonce[200], salt[96]; int iter;
    if (sscanf((char *)raw, "r=%199[^,],s=%95[^,],i=%d", nonce, salt, &iter) != 3 || strncmp(nonce, c->cnonce, 20)) { conn_fail(c, "bad scram challenge"); return; }
    const EVP_MD *md = O.mech == M_SHA1 ? EVP_sha1() : EVP_sha256(); int dl = EVP_MD_size(md);
    if (!c->sc_ok || c->sc_mech != O.mech || c->iter != iter || strcmp(c->salt, salt)) {
        unsigned char sb[96]; int sl = b64d(salt, strlen(salt), sb);
        PKCS5_PBKDF2_HMAC(O.password, strlen(O.password), sb, sl, iter, md, dl, c->salted); c->sc_ok = 1; c->sc_mech = O.mech; c->iter = iter; strcpy(c->salt, salt);
    }
    unsigned char ck[64], sk[64], cs[64], p[64]; unsigned l;
    HMAC(md, c->salted, dl, (void *)"Client Key", 10, ck, &l); EVP_Digest(ck, dl, sk, &l, md, NULL);
    snprintf(c->authmsg, sizeof c->authmsg, "n=%s%05d,r=%s,%s,c=biws,r=%s", O.prefix, c->id, c->cnonce, raw, nonce);
    HMAC(md, sk, dl, (void *)c->authmsg, strlen(c->authmsg), cs, &l);
    for (int i = 0; i < dl; i++) p[i] = ck[i] ^ cs[i];
    char pe[96], m[400], me[600]; b64e(p, dl, pe); int ml = snprintf(m, sizeof m, "c=biws,r=%s,p=%s", nonce, pe); b64e(m, ml, me);
    c->state = S_AUTH2; out(c, "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'>%s</response>", me);
}
static int scram_verify(conn *c, const char *b, int bl) {
    unsigned char raw[300], sk[64], sg[64]; char e[120]; unsigned l; if (bl > 380 || bl <= 0) return 0; int n = b64d(b, bl, raw); if (n < 2) return 0; raw[n] = 0;
    const EVP_MD *md = O.mech == M_SHA1 ? EVP_sha1() : EVP_sha256(); int dl = EVP_MD_size(md);
    HMAC(md, c->salted, dl, (void *)"Server Key", 10, sk, &l); HMAC(md, sk, dl, (void *)c->authmsg, strlen(c->authmsg), sg, &l); b64e(sg, dl, e);
    return !strncmp((char *)raw, "v=", 2) && !strncmp((char *)raw + 2, e, strlen(e));
}
static void tls_begin(conn *c) {
    c->ssl = SSL_new(ctx); SSL_set_fd(c->ssl, c->fd); SSL_set_connect_state(c->ssl); SSL_set_tlsext_host_name(c->ssl, O.domain); c->state = S_TLS; setev(c, EPOLLIN | EPOLLOUT);
}
static void become_ready(conn *c) { c->state = S_READY; n_ready++; progress++; if (W_ready) W_ready(c); }
static void after_bind(conn *c) {
    if (O.sm) { out(c, "<enable xmlns='urn:xmpp:sm:3' resume='true'/>"); c->sm = 1; }
    c->state = S_ROSTER; out(c, "<iq type='get' id='r1'><query xmlns='jabber:iq:roster'/></iq>"); }
static void login_stanza(conn *c, char *s, int len) {
    int tl = taglen(s, len);
    switch (c->state) {
    case S_FEAT:
        if (!isel(s, len, "features")) { conn_fail(c, "no features"); return; }
        if (!feat_seen[0] || c->tlsdone == 1) { int n = len < 1400 ? len : 1400; memcpy(feat_seen, s, n); feat_seen[n] = 0; }
        if (O.tls == TLS_START && !c->tlsdone) { if (!has(s, len, "starttls")) { conn_fail(c, "STARTTLS not offered"); return; } c->state = S_STARTTLS; out(c, "<starttls xmlns='urn:ietf:params:xml:ns:xmpp-tls'/>"); return; }
        { char m[40]; snprintf(m, sizeof m, ">%s<", mech_name[O.mech]); if (!has(s, len, m)) { conn_fail(c, "mechanism not offered"); return; } }
        if (c->reg && !O.noreg) { c->state = S_REG; out(c, "<iq type='set' id='reg1' to='%s'><query xmlns='jabber:iq:register'><username>%s%05d</username><password>%s</password></query></iq>", O.domain, O.prefix, c->id, O.password); return; }
        sasl_start(c); return;
    case S_STARTTLS:
        if (!isel(s, len, "proceed")) { conn_fail(c, "no proceed"); return; }
        tls_begin(c); return;
    case S_REG:
        if (!isel(s, len, "iq")) return;
        if (!attreq(s, tl, "type", "result")) { if (!has(s, len, "conflict")) { s[len < 200 ? len - 1 : 200] = 0; note("register: %s", s); n_err++; } } else n_reg++;
        c->reg = 0; sasl_start(c); return;
    case S_AUTH1: case S_AUTH2:
        if (isel(s, len, "challenge")) { if (c->state == S_AUTH1) scram_final(c, s + tl, len - tl - (int)strlen("</challenge>"));
            else { if (!scram_verify(c, s + tl, len - tl - (int)strlen("</challenge>"))) n_bad++; out(c, "<response xmlns='urn:ietf:params:xml:ns:xmpp-sasl'/>"); } return; }
        if (isel(s, len, "success")) {
            if (c->state == S_AUTH2 && len - tl > 12 && !scram_verify(c, s + tl, len - tl - (int)strlen("</success>"))) { n_bad++; note("scram server signature wrong"); }
            c->state = S_FEAT2; c->restart = 1; stream_open(c); return; }
        s[len < 200 ? len - 1 : 200] = 0; conn_fail(c, s); return;
    case S_FEAT2:
        if (!isel(s, len, "features")) { conn_fail(c, "no features 2"); return; }
        { const char *q = memmem(s, len, "session", 7); int req = 0; if (q) { int l = s + len - q; const char *end = memmem(q + 7, l - 7, "session>", 8); req = !(end && has(q, end - q, "optional")); } c->flag = req; }
        c->state = S_BIND; out(c, "<iq type='set' id='bind1'><bind xmlns='urn:ietf:params:xml:ns:xmpp-bind'><resource>bench</resource></bind></iq>"); return;
    case S_BIND: {
        if (!isel(s, len, "iq")) return;
        const char *j = memmem(s, len, "jid>", 4), *je = j ? memmem(j + 4, s + len - j - 4, "</", 2) : NULL;
        if (!j || !je || je - j - 4 > 90) { s[len < 200 ? len - 1 : 200] = 0; conn_fail(c, s); return; }
        j += 4; c->jidlen = je - j; memcpy(c->jid, j, c->jidlen); c->jid[c->jidlen] = 0; char *sl = strchr(c->jid, '/'); c->barelen = sl ? sl - c->jid : c->jidlen;
        if (c->flag) { c->flag = 0; c->state = S_SESSION; out(c, "<iq type='set' id='sess1'><session xmlns='urn:ietf:params:xml:ns:xmpp-session'/></iq>"); } else after_bind(c);
        return; }
    case S_SESSION: if (isel(s, len, "iq")) after_bind(c); return;
    case S_ROSTER:
        if (!isel(s, len, "iq")) return;
        if (!attreq(s, tl, "id", "r1")) return;
        if (!attreq(s, tl, "type", "result")) { n_err++; note("roster get failed"); }
        if (!c->nopres) out(c, "<presence/>");
        if (O.sm && c->sm != 2) { n_err++; note("no stream management"); }
        lat_add(now() - c->t0); become_ready(c); return;
    }
}
static int sm_nonza(conn *c, char *s, int len) { /* counts stanzas; 1 if it was one of XEP-0198 */
    int tl = taglen(s, len); const char *v; int vl;
    if (isel(s, len, "enabled")) { if (c->sm != 1 || !attr(s, tl, "id", &v, &vl)) { n_bad++; note("enabled without an id, or twice"); } c->sm = 2; c->smin = 0; n_smon++; return 1; }
    if (isel(s, len, "failed")) { n_err++; int l = len < 200 ? len : 200; note("%.*s", l, s); c->sm = 0; return 1; }
    if (isel(s, len, "r")) { n_smr++; out(c, "<a xmlns='urn:xmpp:sm:3' h='%u'/>", c->smin); return 1; }
    if (isel(s, len, "a")) {
        uint32_t h = attr(s, tl, "h", &v, &vl) ? strtoul(v, NULL, 10) : 0; n_sma++;
        if (h > c->smsent || h < c->smacked) { n_bad++; note("h=%u of %u sent, %u acknowledged before", h, c->smsent, c->smacked); }
        c->smacked = h; return 1;
    }
    if (c->sm == 2) c->smin++;
    return 0;
}
static void on_stanza(conn *c, char *s, int len) {
    if (O.debug > 1) fprintf(stderr, "[%d] <- %.*s\n", c->id, len, s);
    if (isel(s, len, "error")) { s[len < 250 ? len - 1 : 250] = 0; conn_fail(c, s); return; }
    if (c->sm && sm_nonza(c, s, len)) return;
    if (c->state < S_READY) { login_stanza(c, s, len); return; }
    if (c->state == S_CLOSING) { if (W_stanza && c->n >= 0) { const char *v; int vl; int tl = taglen(s, len); (void)v; (void)vl; (void)tl; } return; }
    int tl = taglen(s, len);
    if (s[1] == 'i' && isel(s, len, "iq")) { const char *ty; int tyl;
        if (attr(s, tl, "type", &ty, &tyl) && tyl == 3) { /* get or set from the server: answer like a client */
            const char *id, *fr; int il, fl; int hf = attr(s, tl, "from", &fr, &fl);
            if (attr(s, tl, "id", &id, &il)) {
                if (hf && !bare_is(fr, fl, c)) out(c, "<iq type='result' id='%.*s' to='%.*s'/>", il, id, fl, fr); else out(c, "<iq type='result' id='%.*s'/>", il, id);
            }
        }
    }
    if (W_stanza) W_stanza(c, s, len, s, tl);
}
static int parse(conn *c, char *b, uint32_t len) { /* returns bytes consumed */
    uint32_t pos = c->scan, done = 0;
    while (pos < len) {
        if (!c->intag) {
            char *p = memchr(b + pos, '<', len - pos);
            if (!p) { pos = len; if (c->depth <= 1) done = len; break; }
            pos = p - b; c->tag = pos; if (c->depth <= 1) c->start = pos;
            c->intag = 1; c->q = 0; pos++;
        }
        while (pos < len) {
            char ch = b[pos];
            if (c->q) { char *p = memchr(b + pos, c->q, len - pos); if (!p) { pos = len; break; } pos = p - b + 1; c->q = 0; }
            else if (ch == '>') break;
            else { if (ch == '"' || ch == '\'') c->q = ch; pos++; }
        }
        if (pos >= len) break;
        c->intag = 0; char t = b[c->tag + 1]; int st = -1; pos++;
        if (t == '?' || t == '!') { if (c->depth <= 1) done = pos; }
        else if (t == '/') { c->depth--; if (c->depth == 1) st = c->start; else if (c->depth == 0) { done = pos; if (c->state == S_CLOSING) { conn_drop(c); progress++; return -1; } conn_fail(c, "stream closed by server"); return -1; } }
        else if (b[pos - 2] == '/') { if (c->depth == 1) st = c->start; }
        else if (++c->depth == 1) { done = pos; }
        if (st >= 0) {
            done = pos; int was = c->tlsdone, s0 = c->state; on_stanza(c, b + st, pos - st);
            if (c->fd < 0) return -1;
            if (c->restart) { c->restart = 0; c->depth = 0; }
            if (c->state == S_TLS && s0 == S_STARTTLS) { (void)was; c->depth = 0; c->scan = 0; return len; }
        }
    }
    c->scan = pos - done; c->tag -= done; c->start -= done;
    return done;
}
static void feed(conn *c, char *b, uint32_t n) {
    if (c->inlen) {
        if (c->inlen + n > c->incap) { c->incap = (c->inlen + n) * 2; c->in = realloc(c->in, c->incap); }
        memcpy(c->in + c->inlen, b, n); c->inlen += n; int d = parse(c, c->in, c->inlen); if (d < 0) return;
        c->inlen -= d; if (c->inlen && d) memmove(c->in, c->in + d, c->inlen);
        if (!c->inlen && c->incap > 65536) { free(c->in); c->in = NULL; c->incap = 0; }
    } else {
        int d = parse(c, b, n); if (d < 0) return; uint32_t l = n - d;
        if (l) { if (l > c->incap) { c->incap = l * 2; c->in = realloc(c->in, c->incap); } memcpy(c->in, b + d, l); c->inlen = l; }
    }
}
static void conn_io(conn *c, int ev) {
    if (c->fd < 0) return;
    if (c->state == S_CONNECT) {
        int e = 0; socklen_t l = sizeof e; getsockopt(c->fd, SOL_SOCKET, SO_ERROR, &e, &l);
        if (e) { conn_fail(c, strerror(e)); return; }
        if (O.tls == TLS_DIRECT) { tls_begin(c); } else { c->state = S_FEAT; setev(c, EPOLLIN); stream_open(c); return; }
    }
    if (c->state == S_TLS) {
        int r = SSL_do_handshake(c->ssl);
        if (r != 1) { int e = SSL_get_error(c->ssl, r); if (e == SSL_ERROR_WANT_READ) { setev(c, EPOLLIN); return; } if (e == SSL_ERROR_WANT_WRITE) { setev(c, EPOLLIN | EPOLLOUT); return; } conn_fail(c, "tls handshake"); return; }
        if (!tls_cipher[0]) snprintf(tls_cipher, sizeof tls_cipher, "%s %s", SSL_get_version(c->ssl), SSL_get_cipher(c->ssl));
        c->tlsdone = 1; c->state = S_FEAT; setev(c, EPOLLIN); stream_open(c); return;
    }
    if (ev & EPOLLOUT) { conn_flush(c); if (c->fd < 0) return; }
    if (ev & (EPOLLIN | EPOLLHUP | EPOLLERR)) {
        for (;;) {
            int n;
            if (c->ssl) { n = SSL_read(c->ssl, rbuf, sizeof rbuf); if (n <= 0) { int e = SSL_get_error(c->ssl, n); if (e == SSL_ERROR_WANT_READ || e == SSL_ERROR_WANT_WRITE) return; n = 0; } }
            else { n = recv(c->fd, rbuf, sizeof rbuf, 0); if (n < 0) { if (errno == EAGAIN) return; n = 0; } }
            if (n == 0) { if (c->state == S_CLOSING) { conn_drop(c); progress++; } else conn_fail(c, "closed by server"); return; }
            feed(c, rbuf, n); if (c->fd < 0 || !c->ssl) return;
        }
    }
}
static void loop_once(double timeout) {
    static struct epoll_event ev[1024]; flush_dirty();
    struct timespec ts = { (time_t)timeout, (long)((timeout - (time_t)timeout) * 1e9) };
    int n = epoll_pwait2(ep, ev, 1024, &ts, NULL);
    for (int i = 0; i < n; i++) conn_io(ev[i].data.ptr, ev[i].events);
    flush_dirty();
}
static void (*idle_hook)(void); static double idle_next = 0; /* for timed senders */
static int run_until(int (*done)(void)) {
    uint64_t last = progress; double tl = now();
    while (!done()) {
        double t = now(), to = 0.25;
        if (idle_hook) { idle_hook(); t = now(); if (idle_next > 0) { to = idle_next - t; if (to < 0) to = 0; if (to > .25) to = .25; } }
        loop_once(to);
        if (progress != last) { last = progress; tl = now(); } else if (now() - tl > O.stall) { { int k = 0, st[16] = { 0 }, f = -1; for (int i = 0; i < NC; i++) { if (C[i].state > 0 && C[i].state < S_READY) { k++; st[C[i].state]++; if (f < 0) f = i; } } note("stalled for %.0f s; %d logins hang, first is user %d in state %d", O.stall, k, f, f >= 0 ? C[f].state : 0); } return -1; }
    }
    return 0;
}
static void settle(double s) { double e = now() + s; while (now() < e) loop_once(e - now() > 0.05 ? 0.05 : 0.001); }

/* ---------- login of many ---------- */
static struct { int next, end, inflight, ok, failed, conc; double tlast; int active; } LG;
static void (*LG_ready)(conn *);
static void lg_pump(void) { while (LG.inflight < LG.conc && LG.next < LG.end) { LG.inflight++; conn_start(&C[LG.next++]); } }
static void lg_ready(conn *c) { LG.ok++; LG.inflight--; LG.tlast = now(); if (LG_ready) LG_ready(c); lg_pump(); }
static void lg_fail(conn *c) { (void)c; LG.failed++; LG.inflight--; lg_pump(); }
static int lg_done(void) { return LG.ok + LG.failed >= LG.end - (LG.active); }
static int login_range(int from, int to, int conc) {
    LG.next = from; LG.end = to; LG.active = from; LG.inflight = LG.ok = LG.failed = 0; LG.conc = conc; LG.tlast = now(); W_ready = lg_ready; W_fail = lg_fail;
    lg_pump(); int r = run_until(lg_done); W_ready = NULL; W_fail = NULL; return r;
}
static int all_closed_from, all_closed_to; static int all_closed(void) { for (int i = all_closed_from; i < all_closed_to; i++) if (C[i].fd >= 0) return 0; return 1; }
static void close_conn(conn *c) { if (c->fd < 0) return; if (c->state == S_READY) { n_ready--; if (c->sm == 2 && c->smasked && !c->smacked) { n_bad++; note("%u stanzas and nothing acknowledged", c->smsent); } out(c, "<presence type='unavailable'/></stream:stream>"); c->state = S_CLOSING; } else conn_drop(c); }
static void logout_range(int from, int to) {
    for (int i = from; i < to; i++) { close_conn(&C[i]); if (i % 50 == 0) loop_once(0); }
    all_closed_from = from; all_closed_to = to; double st = O.stall; O.stall = 5; run_until(all_closed); O.stall = st;
    for (int i = from; i < to; i++) if (C[i].fd >= 0) conn_drop(&C[i]);
}
static void must_login(int from, int to) {
    for (int i = from; i < to; i++) C[i].reg = 1;
    login_range(from, to, O.conc);
    if (LG.ok < to - from) { char b[400]; snprintf(b, sizeof b, "login of users failed: %d of %d; %s", LG.failed, to - from, firsterr); die(b); }
}

/* ---------- W1 login ---------- */
static void w1(void) {
    int n = O.users; for (int i = 0; i < n; i++) C[i].reg = 1;
    phase_begin("register+login"); login_range(0, n, O.conc); double te = LG.tlast; settle(O.settle); phase_end(LG.ok, n, te, NULL);
    if (LG.ok < n) { char b[400]; snprintf(b, sizeof b, "%s", firsterr); if (!LG.ok) die(b); }
    logout_range(0, n); settle(O.settle);
    for (int i = 0; i < n; i++) C[i].reg = 0;
    phase_begin("login"); login_range(0, n, O.conc); te = LG.tlast; settle(O.settle);
    char ex[200]; snprintf(ex, sizeof ex, "\"tls\":\"%s\",\"mech\":\"%s\"", tls_cipher, mech_name[O.mech]); phase_end(LG.ok, n, te, ex);
    phase_begin("logout"); double t; logout_range(0, n); t = now(); settle(O.settle); phase_end(n, n, t, NULL);
}

/* ---------- W2 chat ---------- */
static const char *lorem = "Shall we meet at the station around seven, or would you rather take the later train and join us for dinner by the river when the others arrive? I have not decided yet. ";
static struct { int total, sent, recv, users, timed; int *snd; double *sched; uint8_t *got; double t0, rate, tlast; int warm; } CH;
static char richtail[4096]; static int richlen;
static int body_of(int seq, char *b) { int L = 80 + (int)((seq * 2654435761u) >> 24) % 41; int n = sprintf(b, "%d ", seq); int off = seq % 30; memcpy(b + n, lorem + off, L - n); b[L] = 0; return L; }
static void chat_send(conn *c, int seq) {
    conn *d = &C[c->id ^ 1]; char body[200]; body_of(seq, body); CH.snd[seq] = c->id;
    if (!O.rich) out(c, "<message to='%.*s' type='chat' id='m%d'><body>%s</body></message>", O.tofull ? d->jidlen : d->barelen, d->jid, seq, body);
    else { out(c, "<message to='%.*s' type='chat' id='m%d'><body>%s</body><origin-id xmlns='urn:xmpp:sid:0' id='m%d'/><request xmlns='urn:xmpp:receipts'/><active xmlns='http://jabber.org/protocol/chatstates'/>", O.tofull ? d->jidlen : d->barelen, d->jid, seq, body, seq); outn(c, richtail, richlen); }
}
static void chat_stanza(conn *c, char *s, int len, const char *tag, int tl) {
    if (!isel(s, len, "message")) return;
    const char *fr, *to, *id; int fl, tol, il; const char *b = body_at(s, len);
    if (attreq(tag, tl, "type", "error") || !b) { n_err++; progress++; if (!firsterr[0]) { int l = len < 250 ? len : 250; char x[260]; memcpy(x, s, l); x[l] = 0; note("%s", x); } return; }
    b += 6; int seq = atoi(b); char exp[200];
    if (seq < 0 || seq >= CH.total || CH.snd[seq] < 0) { n_bad++; return; }
    conn *a = &C[CH.snd[seq]]; int L = body_of(seq, exp); char idx[16]; int ixl = sprintf(idx, "m%d", seq);
    if (CH.got[seq]++) { n_bad++; note("duplicate delivery"); return; }
    if (!attr(tag, tl, "from", &fr, &fl) || !full_is(fr, fl, a) || !attr(tag, tl, "to", &to, &tol) || !bare_is(to, tol, c) || (a->id ^ 1) != c->id || !attr(tag, tl, "id", &id, &il) || il != ixl || memcmp(id, idx, il) || memcmp(b, exp, L) || b[L] != '<' || (O.rich && (len < richlen || !has(s, len, "</encrypted>"))))
        { n_bad++; int l = len < 250 ? len : 250; char x[260]; memcpy(x, s, l); x[l] = 0; note("wrong delivery: %s", x); }
    CH.recv++; progress++; double t = CH.tlast = now();
    if (CH.sched) { if (seq >= CH.warm) lat_add(t - CH.sched[seq]); }
    if (!CH.timed && CH.sent < CH.total) { CH.sched[CH.sent] = t; chat_send(a, CH.sent++); }
}
static int chat_done(void) { return CH.recv + (n_err - PH.err) >= CH.total; }
static void chat_timer(void) {
    double t = now();
    while (CH.sent < CH.total && CH.t0 + CH.sent / CH.rate <= t) { CH.sched[CH.sent] = CH.t0 + CH.sent / CH.rate; chat_send(&C[(int)((CH.sent * 7919u) % CH.users)], CH.sent); CH.sent++; }
    idle_next = CH.sent < CH.total ? CH.t0 + CH.sent / CH.rate : 0;
}
static void chat_alloc(int total) { CH.total = total; CH.sent = CH.recv = 0; CH.snd = realloc(CH.snd, total * sizeof(int)); CH.sched = realloc(CH.sched, total * sizeof(double)); CH.got = realloc(CH.got, total); for (int i = 0; i < total; i++) CH.snd[i] = -1; memset(CH.got, 0, total); }
static double chat_closed(const char *name, int total, int window) {
    chat_alloc(total); CH.timed = 0; CH.warm = 0; W_stanza = chat_stanza; phase_begin(name); double t = now();
    for (int w = 0; w < window; w++) for (int i = 0; i < CH.users && CH.sent < total; i++) { CH.sched[CH.sent] = t; chat_send(&C[i], CH.sent++); }
    run_until(chat_done); double te = CH.tlast, thr = CH.recv / (te - PH.t); settle(O.settle); char ex[100]; snprintf(ex, sizeof ex, "\"window\":%d,\"tls\":\"%s\"", window, tls_cipher); phase_end(CH.recv, total, te, ex); return thr;
}
static void chat_rate(const char *name, double rate, double secs) {
    int total = rate * secs; if (total < 10) return; chat_alloc(total); CH.timed = 1; CH.rate = rate; CH.warm = total / 10; W_stanza = chat_stanza; phase_begin(name);
    CH.t0 = now(); idle_hook = chat_timer; run_until(chat_done); idle_hook = NULL; idle_next = 0; double te = CH.tlast; settle(O.settle);
    char ex[64]; snprintf(ex, sizeof ex, "\"rate\":%.0f", rate); phase_end(CH.recv, total, te, ex);
}
static void make_rich(void) {
    char *p = richtail; p += sprintf(p, "<encrypted xmlns='eu.siacs.conversations.axolotl'><header sid='1318341203'>");
    for (int k = 0; k < 6; k++) { p += sprintf(p, "<key rid='%d'%s>", 912345678 + k * 17771, k == 2 ? " prekey='true'" : ""); for (int i = 0; i < 232; i++) *p++ = b64c[(i * 37 + k * 11) % 64]; p += sprintf(p, "</key>"); }
    p += sprintf(p, "<iv>MDEyMzQ1Njc4OWFi</iv></header><payload>"); for (int i = 0; i < 200; i++) *p++ = b64c[(i * 29) % 64];
    p += sprintf(p, "</payload></encrypted><encryption xmlns='urn:xmpp:eme:0' name='OMEMO' namespace='eu.siacs.conversations.axolotl'/><store xmlns='urn:xmpp:hints'/></message>"); richlen = p - richtail;
}
static void w2(void) {
    CH.users = O.users & ~1; must_login(0, CH.users); settle(0.5);
    chat_closed("warmup", O.msgs / 5 > 10 ? O.msgs / 5 : 10, O.window);
    double mx = chat_closed("max", O.msgs, O.window);
    if (O.rate > 0) chat_rate("rate", O.rate, O.secs);
    if (O.rate2frac > 0) chat_rate("rate70", mx * O.rate2frac, O.secs);
    logout_range(0, CH.users);
}

/* ---------- W3 presence ---------- */
static struct { int U, R, H, total, started, done, next; uint8_t *st; double tlast; int K; int *ver; } PR;
static int pair_ix(int x, int y) { int d = (y - x + PR.U) % PR.U; if (d >= 1 && d <= PR.H) return x * PR.H + d - 1; return -1; }
static void sub_pump(void) { while (PR.started < PR.total && PR.started - PR.done < O.conc) { int d = PR.started / PR.U + 1, a = PR.started % PR.U, b = (a + d) % PR.U; PR.started++; out(&C[a], "<presence to='%.*s' type='subscribe'/>", C[b].barelen, C[b].jid); } }
static void sub_stanza(conn *c, char *s, int len, const char *tag, int tl) {
    if (!isel(s, len, "presence")) return;
    const char *ty, *fr; int tyl, fl; if (!attr(tag, tl, "type", &ty, &tyl) || !attr(tag, tl, "from", &fr, &fl)) return;
    int u = user_of(fr, fl); if (u < 0) return;
    if (tyl == 9 && !memcmp(ty, "subscribe", 9)) {
        int ini = pair_ix(u, c->id) >= 0; /* u started this one */
        out(c, "<presence to='%.*s' type='subscribed'/>", C[u].barelen, C[u].jid);
        if (ini) out(c, "<presence to='%.*s' type='subscribe'/>", C[u].barelen, C[u].jid);
    } else if (tyl == 10 && !memcmp(ty, "subscribed", 10)) {
        int ix = pair_ix(c->id, u), bit = 1; if (ix < 0) { ix = pair_ix(u, c->id); bit = 2; } if (ix < 0) { n_bad++; return; }
        if (PR.st[ix] & bit) { n_bad++; return; }
        PR.st[ix] |= bit; progress++; if (PR.st[ix] == 3) { PR.done++; PR.tlast = now(); sub_pump(); }
    } else if (tyl == 5) { n_err++; }
}
static int sub_done(void) { return PR.done >= PR.total; }
static int pres_updates; static int pres_ok, pres_exp;
static void pres_pump(void) { while (PR.started < pres_updates && PR.started - PR.done < O.conc) { conn *c = &C[PR.started % PR.U]; if (c->pend > 0) return; int v = ++PR.started; c->seq = v; c->pend = PR.R; c->ts = now(); out(c, "<presence><show>%s</show><status>upd %d</status></presence>", v & 1 ? "away" : "dnd", v); } }
static void pres_stanza(conn *c, char *s, int len, const char *tag, int tl) {
    if (!isel(s, len, "presence")) return;
    const char *fr, *to; int fl, tol; if (!attr(tag, tl, "from", &fr, &fl)) return;
    int u = user_of(fr, fl); if (u < 0 || u == c->id) return;
    const char *p = memmem(s, len, "status>upd ", 11); if (!p) return;
    int v = atoi(p + 11); conn *a = &C[u]; int d = (u - c->id + PR.U) % PR.U; if (d > PR.U / 2) d = PR.U - d;
    if (v != a->seq) { n_bad++; note("presence of an old version: %d instead of %d", v, a->seq); return; }
    if (d > PR.H || !full_is(fr, fl, a) || !attr(tag, tl, "to", &to, &tol) || !bare_is(to, tol, c)) { n_bad++; note("wrong presence"); }
    pres_ok++; progress++; PR.tlast = now();
    if (--a->pend == 0) { lat_add(PR.tlast - a->ts); PR.done++; pres_pump(); } else if (a->pend < 0) n_bad++;
}
static int pres_done(void) { return PR.done >= pres_updates; }
/* churn */
static struct { int total, started, done, ready; int nch; } CU;
static void churn_go(conn *c);
static void churn_pump(void) { /* start cycles on idle churners */
    for (int i = 0; i < CU.nch && CU.started < CU.total && CU.started - CU.done < O.conc; i++) { conn *c = &C[i * (PR.H + 1)]; if (c->flag == 1) churn_go(c); }
}
static void churn_go(conn *c) { CU.started++; c->flag = 2; c->pend = PR.R; c->a = PR.R; c->b = PR.R; c->ts = now(); out(c, "<presence type='unavailable'/></stream:stream>"); c->state = S_CLOSING; n_ready--; }
static void churn_check(conn *c) { if (c->flag == 3 && c->a == 0 && c->b == 0) { c->flag = 1; CU.done++; PR.tlast = now(); lat_add(PR.tlast - c->ts); churn_pump(); } }
static void churn_stanza(conn *c, char *s, int len, const char *tag, int tl) {
    if (!isel(s, len, "presence")) return;
    const char *fr, *ty; int fl, tyl; if (!attr(tag, tl, "from", &fr, &fl)) return;
    int u = user_of(fr, fl); if (u < 0 || u == c->id) return;
    conn *a = &C[u]; progress++; pres_ok++; int un = attr(tag, tl, "type", &ty, &tyl);
    if (un && (tyl != 11 || memcmp(ty, "unavailable", 11))) { if (tyl == 5) n_err++; pres_ok--; return; }
    if (un) { if (a->flag != 2 || --a->pend < 0) { n_bad++; note("unexpected unavailable"); return; } if (a->pend == 0) { /* all told: come back, once the socket is closed */ a->n = 1; } }
    else if (c->flag == 3 || c->flag == 4) { /* c is the one logging in and sees its contacts */ if (c->a > 0) c->a--; else { n_bad++; note("extra presence at login"); } if (c->flag == 3) churn_check(c); }
    else if (a->flag == 3) { if (a->b > 0) a->b--; else { n_bad++; note("extra presence of a user logging in"); } churn_check(a); }
    else n_bad++;
}
static void churn_hook(void) { for (int i = 0; i < CU.nch; i++) { conn *c = &C[i * (PR.H + 1)]; if (c->flag == 2 && c->n == 1 && c->fd < 0) { c->n = 0; c->flag = 4; c->reg = 0; conn_start(c); } } idle_next = now() + 0.005; }
static void churn_ready(conn *c) { c->flag = 3; churn_check(c); }
static int churn_done(void) { return CU.done >= CU.total; }
static void w3(void) {
    PR.U = O.users; PR.R = O.contacts; PR.H = PR.R / 2; PR.total = PR.U * PR.H; PR.st = calloc(PR.total, 1); must_login(0, PR.U); settle(0.3);
    W_stanza = sub_stanza; phase_begin("subscribe"); sub_pump(); run_until(sub_done); double te = PR.tlast; settle(O.settle); phase_end(PR.done, PR.total, te, NULL);
    if (PR.done < PR.total) return;
    settle(0.3); PR.started = PR.done = 0; for (int i = 0; i < PR.U; i++) C[i].pend = 0; pres_updates = O.msgs / PR.R; pres_exp = pres_updates * PR.R; pres_ok = 0; if (O.conc > PR.U) O.conc = PR.U;
    W_stanza = pres_stanza; phase_begin("presence"); pres_pump(); run_until(pres_done); te = PR.tlast; settle(O.settle); phase_end(pres_ok, pres_exp, te, NULL);
    /* churn: users spaced so that no two are contacts of each other */
    CU.nch = PR.U / (PR.H + 1); CU.total = O.per * CU.nch; for (int i = 0; i < PR.U; i++) { C[i].flag = 0; C[i].n = 0; } for (int i = 0; i < CU.nch; i++) C[i * (PR.H + 1)].flag = 1;
    pres_ok = 0; W_stanza = churn_stanza; W_ready = churn_ready; W_fail = NULL; idle_hook = churn_hook; phase_begin("churn"); churn_pump(); run_until(churn_done); te = PR.tlast; idle_hook = NULL; idle_next = 0; settle(O.settle);
    char ex[100]; snprintf(ex, sizeof ex, "\"presences\":%d,\"presences_expected\":%d", pres_ok, CU.total * PR.R * 3); phase_end(CU.done, CU.total, te, ex);
    W_ready = NULL; W_stanza = NULL; logout_range(0, PR.U);
}

/* ---------- W4 MUC ---------- */
static struct { int N, K, joined, njoin, total, sent, msgs_done, deliv, *left, *snd; double tlast, *ts; char room[100]; int roomlen, cfg; long pres; } MU;
static void muc_join(conn *c) { c->flag = 1; c->ts = now(); out(c, "<presence to='%s/n%05d'><x xmlns='http://jabber.org/protocol/muc'><history maxstanzas='0'/></x></presence>", MU.room, c->id); }
static int muc_next;
static void muc_pump(void) { while (muc_next < MU.N && muc_next - MU.joined < O.senders) muc_join(&C[muc_next++]); }
static void muc_stanza(conn *c, char *s, int len, const char *tag, int tl) {
    const char *fr, *to; int fl, tol;
    if (isel(s, len, "presence")) {
        if (!attr(tag, tl, "from", &fr, &fl) || fl <= MU.roomlen || memcmp(fr, MU.room, MU.roomlen)) return;
        MU.pres++; progress++;
        if (attreq(tag, tl, "type", "error")) { n_err++; if (!firsterr[0]) { int l = len < 280 ? len : 280; char x[290]; memcpy(x, s, l); x[l] = 0; note("%s", x); } if (c->flag == 1) { c->flag = 3; MU.joined++; MU.njoin--; muc_pump(); } return; }
        if (c->flag == 1 && fl == MU.roomlen + 7 && atoi(fr + MU.roomlen + 2) == c->id) {
            c->flag = 2; MU.tlast = now(); lat_add(MU.tlast - c->ts); MU.joined++;
            if (c->id == 0 && !MU.cfg) out(c, "<iq type='set' id='cfg' to='%s'><query xmlns='http://jabber.org/protocol/muc#owner'><x xmlns='jabber:x:data' type='submit'/></query></iq>", MU.room); else muc_pump();
        }
    } else if (s[1] == 'i') { if (attreq(tag, tl, "id", "cfg") && !MU.cfg) { MU.cfg = 1; progress++; } }
    else if (isel(s, len, "message")) {
        const char *b = body_at(s, len); if (attreq(tag, tl, "type", "error")) { n_err++; note("groupchat error"); return; } if (!b) return;
        b += 6; int seq = atoi(b); if (seq < 0 || seq >= MU.sent) { n_bad++; return; }
        char exp[200]; int L = body_of(seq, exp); conn *a = &C[MU.snd[seq]];
        if (!attr(tag, tl, "from", &fr, &fl) || fl != MU.roomlen + 7 || atoi(fr + MU.roomlen + 2) != a->id || memcmp(fr, MU.room, MU.roomlen) || !attr(tag, tl, "to", &to, &tol) || !full_is(to, tol, c) || memcmp(b, exp, L) || !attreq(tag, tl, "type", "groupchat")) { n_bad++; note("wrong groupchat delivery"); }
        MU.deliv++; progress++; MU.tlast = now();
        if (--MU.left[seq] == 0) { lat_add(MU.tlast - MU.ts[seq]); MU.msgs_done++; if (MU.sent < MU.total) { int q = MU.sent++; MU.snd[q] = a->id; MU.left[q] = MU.N; MU.ts[q] = MU.tlast; char bd[200]; body_of(q, bd); out(a, "<message to='%s' type='groupchat' id='g%d'><body>%s</body></message>", MU.room, q, bd); } }
        else if (MU.left[seq] < 0) n_bad++;
    }
}
static int muc_joined(void) { return MU.joined >= MU.N; } static int muc_cfg(void) { return MU.cfg; } static int muc_done(void) { return MU.msgs_done >= MU.total; }
static void w4(void) {
    MU.N = O.users; MU.K = O.per; MU.roomlen = snprintf(MU.room, sizeof MU.room, "room%d@%s", (int)getpid(), O.muc); must_login(0, MU.N); settle(0.3);
    W_stanza = muc_stanza; muc_next = 1; muc_join(&C[0]); if (run_until(muc_cfg) < 0) die("room could not be created"); settle(0.2);
    MU.pres = 0; phase_begin("join"); muc_pump(); run_until(muc_joined); double te = MU.tlast; settle(O.settle);
    char ex[100]; snprintf(ex, sizeof ex, "\"presences\":%ld,\"presences_expected\":%ld", MU.pres, (long)MU.N * MU.N - 1); phase_end(MU.joined + MU.njoin - 1, MU.N - 1, te, ex);
    if (MU.njoin) return;
    MU.total = O.msgs / MU.N; MU.left = calloc(MU.total, sizeof(int)); MU.snd = calloc(MU.total, sizeof(int)); MU.ts = calloc(MU.total, sizeof(double)); phase_begin("groupchat");
    for (int k = 0; k < MU.K && MU.sent < MU.total; k++) { int q = MU.sent++; conn *a = &C[k * (MU.N / MU.K)]; MU.snd[q] = a->id; MU.left[q] = MU.N; MU.ts[q] = now(); char bd[200]; body_of(q, bd); out(a, "<message to='%s' type='groupchat' id='g%d'><body>%s</body></message>", MU.room, q, bd); }
    run_until(muc_done); te = MU.tlast; settle(O.settle); phase_end(MU.deliv, (double)MU.total * MU.N, te, NULL);
    MU.pres = 0; phase_begin("leave"); logout_range(0, MU.N); te = now(); settle(O.settle); phase_end(MU.N, MU.N, te, NULL);
}

/* ---------- W5 idle ---------- */
static void w5(void) {
    double p0, r0, p, r, pp = 0; int prev = 0; mem(&p0, &r0); pp = p0; char steps[200]; snprintf(steps, sizeof steps, "%s", O.steps); int lastn = 0;
    printf("{\"phase\":\"fresh\",\"pss_kb\":%.0f,\"rss_kb\":%.0f,\"procs\":%d}\n", p0, r0, ntree);
    for (char *t = strtok(steps, ","); t; t = strtok(NULL, ",")) {
        int n = atoi(t); if (n > NC) break;
        for (int i = prev; i < n; i++) C[i].reg = 1;
        login_range(prev, n, O.conc); if (LG.ok < n - prev) { printf("{\"phase\":\"idle%d\",\"failed\":%d,\"note\":\"%s\"}\n", n, LG.failed, firsterr); break; }
        settle(O.secs); mem(&p, &r); char nm[32]; snprintf(nm, sizeof nm, "idle%d", n); phase_begin(nm); double t1 = now() + O.secs; while (now() < t1) settle(0.5); double te = now(); char ex[300];
        mem(&p, &r); snprintf(ex, sizeof ex, "\"sessions\":%d,\"pss_kb\":%.0f,\"rss_kb\":%.0f,\"kb_per_session\":%.2f,\"kb_marginal\":%.2f,\"rss_kb_per_session\":%.2f,\"tls\":\"%s\"", n_ready, p, r, (p - p0) / n, (p - pp) / (n - prev), (r - r0) / n, tls_cipher);
        phase_end(n, n, te, ex); pp = p; prev = n; lastn = n;
    }
    logout_range(0, lastn); settle(2); mem(&p, &r); printf("{\"phase\":\"after\",\"pss_kb\":%.0f,\"rss_kb\":%.0f}\n", p, r);
}

/* ---------- W6 offline ---------- */
static struct { int S, Q, K, total, sent, acked, recv, want; uint8_t *got; int *owner, *last; double tlast; } OF;
static void off_batch(conn *c) {
    int n = 0; while (n < O.window && OF.sent < OF.total) { int q = OF.sent++; int r = OF.S + q % OF.Q; OF.owner[q] = c->id; char b[200]; body_of(q, b); out(c, "<message to='%s%05d@%s' type='chat' id='m%d'><body>%s</body></message>", O.prefix, r, O.domain, q, b); n++; }
    c->n = n; if (n) out(c, "<iq type='get' id='p%d' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>", n, O.domain);
}
static void off_stanza(conn *c, char *s, int len, const char *tag, int tl) {
    if (isel(s, len, "iq")) { const char *id; int il; if (c->id < OF.S && c->n && attr(tag, tl, "id", &id, &il) && id[0] == 'p') { OF.acked += c->n; progress++; OF.tlast = now(); off_batch(c); } return; }
    if (!isel(s, len, "message")) return;
    if (attreq(tag, tl, "type", "error")) { n_err++; int l = len < 280 ? len : 280; char x[290]; memcpy(x, s, l); x[l] = 0; note("%s", x); return; }
    const char *b = body_at(s, len), *fr; int fl; if (!b) return;
    b += 6; int q = atoi(b); char e[200]; if (q < 0 || q >= OF.total || c->id < OF.S) { n_bad++; return; }
    int L = body_of(q, e); if (OF.got[q]++) { n_bad++; note("duplicate offline message"); return; }
    if (OF.S + q % OF.Q != c->id || !attr(tag, tl, "from", &fr, &fl) || !bare_is(fr, fl, &C[OF.owner[q]]) || memcmp(b, e, L)) { n_bad++; note("wrong offline message"); }
    int *lp = &OF.last[(c->id - OF.S) * OF.S + OF.owner[q]]; if (q <= *lp) { n_bad++; note("offline messages of one sender out of order"); }
    *lp = q; OF.recv++; progress++; OF.tlast = now(); c->pend++;
}
static int off_acked(void) { return OF.acked >= OF.total; } static int off_got(void) { return OF.recv >= OF.total; }
static void w6(void) {
    OF.S = O.senders; OF.Q = O.users; OF.total = O.users * O.per; OF.got = calloc(OF.total, 1); OF.owner = calloc(OF.total, sizeof(int)); OF.last = malloc(OF.S * OF.Q * sizeof(int)); for (int i = 0; i < OF.S * OF.Q; i++) OF.last[i] = -1;
    must_login(0, OF.S + OF.Q); settle(0.2); logout_range(OF.S, OF.S + OF.Q); settle(0.3); W_stanza = off_stanza;
    phase_begin("store"); for (int i = 0; i < OF.S; i++) off_batch(&C[i]); run_until(off_acked); double te = OF.tlast; settle(O.settle); phase_end(OF.acked, OF.total, te, NULL); settle(0.5);
    for (int i = OF.S; i < OF.S + OF.Q; i++) { C[i].seq = -1; C[i].reg = 0; }
    phase_begin("fetch"); login_range(OF.S, OF.S + OF.Q, O.conc); run_until(off_got); te = OF.tlast; settle(O.settle); phase_end(OF.recv, OF.total, te, NULL);
    logout_range(0, OF.S + OF.Q);
}
/* ---------- W6m: archived chat + MAM queries ---------- */
static struct { int pages, want, res, inpage, started; double tlast; } MQ;
static void mam_q(conn *c) { MQ.started++; c->pend = 0; c->ts = now();
    out(c, "<iq type='set' id='q%d'><query xmlns='urn:xmpp:mam:2' queryid='q'><set xmlns='http://jabber.org/protocol/rsm'><max>50</max>%s%s%s</set></query></iq>", MQ.started, c->cfb ? "<after>" : "", c->cfb ? c->cfb : "", c->cfb ? "</after>" : ""); }
static void mam_stanza(conn *c, char *s, int len, const char *tag, int tl) {
    if (isel(s, len, "message")) { if (has(s, len, "forwarded") && body_at(s, len)) { c->pend++; MQ.res++; } return; }
    if (!isel(s, len, "iq")) return;
    const char *id; int il; if (!attr(tag, tl, "id", &id, &il) || id[0] != 'q') return;
    progress++; MQ.tlast = now(); lat_add(MQ.tlast - c->ts); MQ.pages++;
    if (!attreq(tag, tl, "type", "result")) { n_err++; int l = len < 280 ? len : 280; char x[290]; memcpy(x, s, l); x[l] = 0; note("%s", x); }
    const char *la = memmem(s, len, "<last>", 6), *le = la ? memmem(la, s + len - la, "</last>", 7) : NULL; int complete = has(s, taglen(s, len), "complete=") || memmem(s, len, "complete='true'", 15) || memmem(s, len, "complete=\"true\"", 15);
    if (c->cfb) { free(c->cfb); c->cfb = NULL; }
    if (la && le && !complete && c->pend) c->cfb = strndup(la + 6, le - la - 6);
    if (!c->pend) { n_bad++; note("empty MAM page"); }
    if (MQ.started < MQ.want) mam_q(c);
}
static int mam_done(void) { return MQ.pages >= MQ.want; }
static void w6m(void) {
    CH.users = O.users & ~1; must_login(0, CH.users); settle(0.3); for (int i = 0; i < CH.users; i++) C[i].cfb = NULL;
    chat_closed("archived-chat", O.msgs, O.window); settle(1.5);
    MQ.want = O.per; W_stanza = mam_stanza; phase_begin("mam-page"); for (int i = 0; i < CH.users && i < O.conc && MQ.started < MQ.want; i++) mam_q(&C[i]);
    run_until(mam_done); double te = MQ.tlast; settle(O.settle); char ex[100]; snprintf(ex, sizeof ex, "\"results\":%d", MQ.res); phase_end(MQ.pages, MQ.want, te, ex); logout_range(0, CH.users);
}

/* ---------- W7 roster ---------- */
static struct { int total, done, mode; double tlast; } RO;
static int r_left(conn *c) { return c->n; }
static void ro_next(conn *c) {
    if (!r_left(c)) return;
    c->n--; int k = c->seq++; c->ts = now(); c->pend = RO.mode == 1 ? 1 : 2;
    if (RO.mode == 1) out(c, "<iq type='get' id='g%d'><query xmlns='jabber:iq:roster'/></iq>", k);
    else out(c, "<iq type='set' id='s%d'><query xmlns='jabber:iq:roster'><item jid='contact%d@%s' name='Contact %d%s'><group>Friends</group></item></query></iq>", k, k % O.contacts, O.domain, k % O.contacts, RO.mode == 2 ? " renamed" : "");
}
static void ro_stanza(conn *c, char *s, int len, const char *tag, int tl) {
    if (!isel(s, len, "iq")) return;
    const char *ty, *id; int tyl, il; if (!attr(tag, tl, "type", &ty, &tyl) || !attr(tag, tl, "id", &id, &il)) return;
    if (tyl == 5) { n_err++; int l = len < 280 ? len : 280; char x[290]; memcpy(x, s, l); x[l] = 0; note("%s", x); c->pend = 1; }
    else if (tyl == 3) { if (RO.mode == 1) return; char e[64]; int el = snprintf(e, sizeof e, "contact%d@", (c->seq - 1) % O.contacts); if (!memmem(s, len, e, el)) { n_bad++; note("wrong push"); } }
    else { char e[20]; int el = snprintf(e, sizeof e, "%c%d", RO.mode == 1 ? 'g' : 's', c->seq - 1); if (el != il || memcmp(e, id, el)) { return; } }
    if (RO.mode == 1) { int n = 0; char *p = s; while ((p = memmem(p, s + len - p, " jid=", 5))) { n++; p += 5; } if (n != O.contacts) { n_bad++; note("roster has %d items", n); } }
    if (--c->pend == 0) { RO.done++; progress++; RO.tlast = now(); lat_add(RO.tlast - c->ts); ro_next(c); }
}
static int ro_done(void) { return RO.done >= RO.total; }
static void ro_phase(const char *name, int mode, int per) { RO.mode = mode; RO.done = 0; RO.total = per * O.users; for (int i = 0; i < O.users; i++) { C[i].n = per; C[i].seq = 0; } phase_begin(name); for (int i = 0; i < O.users; i++) ro_next(&C[i]); run_until(ro_done); double te = RO.tlast; settle(O.settle); phase_end(RO.done, RO.total, te, NULL); }
static void w7(void) { must_login(0, O.users); settle(.2); W_stanza = ro_stanza; ro_phase("roster-set", 0, O.contacts); ro_phase("roster-update", 2, O.per); ro_phase("roster-get", 1, O.per); logout_range(0, O.users); }

/* ---------- W8 iq ---------- */
static struct { int total, sent, done, mode; double tlast; } IQ;
static void iq_next(conn *c) { if (IQ.sent >= IQ.total) return; c->seq = IQ.sent++; c->ts = now(); out(c, IQ.mode == 0 ? "<iq type='get' id='i%d' to='%s'><ping xmlns='urn:xmpp:ping'/></iq>" : "<iq type='get' id='i%d' to='%s'><query xmlns='http://jabber.org/protocol/disco#info'/></iq>", c->seq, O.domain); }
static void iq_stanza(conn *c, char *s, int len, const char *tag, int tl) {
    if (!isel(s, len, "iq")) return;
    char e[20]; sprintf(e, "i%d", c->seq); if (!attreq(tag, tl, "id", e)) return;
    if (!attreq(tag, tl, "type", "result")) { n_err++; int l = len < 280 ? len : 280; char x[290]; memcpy(x, s, l); x[l] = 0; note("%s", x); }
    if (IQ.mode == 1 && !has(s, len, "identity ")) n_bad++;
    const char *f; int fl; if (attr(tag, tl, "from", &f, &fl) && (fl != (int)strlen(O.domain) || memcmp(f, O.domain, fl))) n_bad++;
    IQ.done++; progress++; IQ.tlast = now(); lat_add(IQ.tlast - c->ts); iq_next(c);
}
static int iq_done(void) { return IQ.done >= IQ.total; }
static void iq_phase(const char *nm, int mode, int total) { IQ.mode = mode; IQ.total = total; IQ.sent = IQ.done = 0; phase_begin(nm); for (int i = 0; i < O.users; i++) iq_next(&C[i]); run_until(iq_done); double te = IQ.tlast; settle(O.settle); phase_end(IQ.done, IQ.total, te, NULL); }
static void w8(void) { must_login(0, O.users); settle(.2); W_stanza = iq_stanza; iq_phase("ping", 0, O.msgs); iq_phase("disco-info", 1, O.msgs / 2); logout_range(0, O.users); }

int main(int argc, char **argv) {
    for (int i = 1; i + 1 < argc + 1; i++) {
        char *a = argv[i]; if (strncmp(a, "--", 2)) die("bad argument"); a += 2;
        if (!strcmp(a, "debug")) { O.debug++; continue; } if (!strcmp(a, "rich")) { O.rich = 1; continue; } if (!strcmp(a, "tofull")) { O.tofull = 1; continue; } if (!strcmp(a, "noreg")) { O.noreg = 1; continue; } if (!strcmp(a, "noxmldecl")) { O.noxmldecl = 1; continue; }
        if (i + 1 >= argc) die("missing value");
        char *v = argv[++i];
#define I(n) if (!strcmp(a, #n)) { O.n = atoi(v); continue; }
#define D(n) if (!strcmp(a, #n)) { O.n = atof(v); continue; }
#define S(n) if (!strcmp(a, #n)) { O.n = v; continue; }
        S(host) S(domain) S(muc) S(prefix) S(password) S(workload) S(steps) I(port) I(users) I(conc) I(window) I(msgs) I(contacts) I(senders) I(per) I(sm) D(rate) D(rate2frac) D(secs) D(settle) D(stall)
        if (!strcmp(a, "tls")) { O.tls = !strcmp(v, "direct") ? TLS_DIRECT : !strcmp(v, "starttls") ? TLS_START : TLS_NONE; continue; }
        if (!strcmp(a, "mech")) { O.mech = !strcmp(v, "SCRAM-SHA-1") ? M_SHA1 : !strcmp(v, "SCRAM-SHA-256") ? M_SHA256 : M_PLAIN; continue; }
        if (!strcmp(a, "pids")) { for (char *t = strtok(v, ", \n"); t; t = strtok(NULL, ", \n")) if (O.npids < 256) O.pids[O.npids++] = atoi(t); continue; }
        fprintf(stderr, "unknown option --%s\n", a); die("unknown option");
    }
    signal(SIGPIPE, SIG_IGN); prctl(PR_SET_TIMERSLACK, 1); struct rlimit rl; getrlimit(RLIMIT_NOFILE, &rl); rl.rlim_cur = rl.rlim_max; setrlimit(RLIMIT_NOFILE, &rl); srand(time(NULL) ^ getpid());
    ctx = SSL_CTX_new(TLS_client_method()); SSL_CTX_set_verify(ctx, SSL_VERIFY_NONE, NULL); SSL_CTX_set_mode(ctx, SSL_MODE_ENABLE_PARTIAL_WRITE | SSL_MODE_ACCEPT_MOVING_WRITE_BUFFER | SSL_MODE_RELEASE_BUFFERS); SSL_CTX_set_session_cache_mode(ctx, SSL_SESS_CACHE_OFF);
    ep = epoll_create1(0); make_rich();
    NC = O.users + O.senders + 4; if (!strcmp(O.workload, "w5")) { int m = 0; char b[200]; snprintf(b, sizeof b, "%s", O.steps); for (char *t = strtok(b, ","); t; t = strtok(NULL, ",")) if (atoi(t) > m) m = atoi(t); NC = m; }
    C = calloc(NC, sizeof *C); dirty = calloc(NC + 1, sizeof *dirty); for (int i = 0; i < NC; i++) { C[i].id = i; C[i].fd = -1; }
    const char *w = O.workload;
    if (!strcmp(w, "w1")) w1(); else if (!strcmp(w, "w2")) w2(); else if (!strcmp(w, "w3")) w3(); else if (!strcmp(w, "w4")) w4(); else if (!strcmp(w, "w5")) w5(); else if (!strcmp(w, "w6")) w6(); else if (!strcmp(w, "w6m")) w6m(); else if (!strcmp(w, "w7")) w7(); else if (!strcmp(w, "w8")) w8(); else die("unknown workload");
    if (O.debug) fprintf(stderr, "features: %s\n", feat_seen);
    return 0;
}
