/* A client of libstrophe that says on its standard output what it sees, a line for each event.
 *
 *   strophe PORT USER PASSWORD CAFILE      connects to 127.0.0.1:PORT as USER@localhost, and again whenever it is cut off
 *
 * A line on its standard input is "TO TEXT": a message to send. It says:
 *   online (a new session is available) | message TEXT
 */
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strophe.h>
#include <unistd.h>

static xmpp_ctx_t *ctx;
static xmpp_sm_state_t *kept;
static int connected, over;

static void say(const char *what, const char *text) {
    printf(text ? "%s %s\n" : "%s\n", what, text);
    fflush(stdout);
}

static int on_message(xmpp_conn_t *conn, xmpp_stanza_t *stanza, void *data) {
    char *body = xmpp_message_get_body(stanza);
    if (body) {
        say("message", body);
        xmpp_free(ctx, body);
    }
    (void)conn, (void)data;
    return 1;
}

/* Not at once: of what is sent before <enabled/> has come, libstrophe 0.12 counts nothing, and the server does. */
static int be_available(xmpp_conn_t *conn, void *data) {
    xmpp_stanza_t *presence = xmpp_presence_new(ctx);
    xmpp_send(conn, presence);
    xmpp_stanza_release(presence);
    say("online", NULL);
    (void)data;
    return 0;
}

static void on_event(xmpp_conn_t *conn, xmpp_conn_event_t event, int error, xmpp_stream_error_t *why, void *data) {
    (void)error, (void)why, (void)data;
    if (event == XMPP_CONN_CONNECT) {
        if (!kept) xmpp_timed_handler_add(conn, be_available, 500, NULL);
        kept = NULL; /* the connection has it again */
        connected = 1;
    } else {
        if (connected) kept = xmpp_conn_get_sm_state(conn);
        connected = 0;
        over = 1;
    }
}

static xmpp_conn_t *begin(char **argv) {
    char jid[256];
    xmpp_conn_t *conn = xmpp_conn_new(ctx);
    over = 0;
    snprintf(jid, sizeof jid, "%s@localhost/c", argv[2]);
    xmpp_conn_set_jid(conn, jid);
    xmpp_conn_set_pass(conn, argv[3]);
    xmpp_conn_set_cafile(conn, argv[4]);
    xmpp_conn_set_flags(conn, XMPP_CONN_FLAG_MANDATORY_TLS);
    if (kept) xmpp_conn_set_sm_state(conn, kept);
    xmpp_handler_add(conn, on_message, NULL, "message", NULL, NULL);
    if (xmpp_connect_client(conn, "127.0.0.1", (unsigned short)atoi(argv[1]), on_event, NULL) != XMPP_EOK) over = 1;
    return conn;
}

static void send_lines(xmpp_conn_t *conn) {
    struct pollfd in = {0, POLLIN, 0};
    char line[4096], *text;
    if (!connected || poll(&in, 1, 0) <= 0) return;
    if (!fgets(line, sizeof line, stdin)) exit(0);
    line[strcspn(line, "\n")] = 0;
    if (!(text = strchr(line, ' '))) return;
    *text++ = 0;
    xmpp_stanza_t *message = xmpp_message_new(ctx, "chat", line, NULL);
    xmpp_message_set_body(message, text);
    xmpp_send(conn, message);
    xmpp_stanza_release(message);
}

int main(int argc, char **argv) {
    if (argc != 5) return 2;
    setvbuf(stdin, NULL, _IONBF, 0); /* poll sees all that was not read */
    xmpp_initialize();
    ctx = xmpp_ctx_new(NULL, xmpp_get_default_logger(getenv("STROPHE_DEBUG") ? XMPP_LEVEL_DEBUG : XMPP_LEVEL_ERROR));
    for (;;) {
        xmpp_conn_t *conn = begin(argv);
        while (!over) {
            xmpp_run_once(ctx, 20);
            send_lines(conn);
        }
        xmpp_conn_release(conn);
        usleep(100000);
    }
}
