/*
 * The replay harness: request dumps spoken as FastCGI to a unix socket.
 *
 * replay.c judges and keeps the score, replay_rule.c is what an answer can be
 * held to, replay_dump.c and replay_text.c read dumps, replay_wire.c talks
 * and holds the answer to the protocol, replay_crowd.c is many peers at once,
 * replay_image.c measures pictures.  The harness shares no protocol
 * or picture code with the daemon, so that both cannot be wrong in the same
 * way.  One thread.
 */
#ifndef TESTS_REPLAY_REPLAY_H
#define TESTS_REPLAY_REPLAY_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/buf.h"
#include "base/format.h"
#include "base/log.h"

#define REPLAY_CUTS      64
#define REPLAY_FIELDS    64
#define REPLAY_EXPECTS   32
#define REPLAY_BYTES_MAX ((size_t)64 << 20) /* of a stream or an answer */
#define REPLAY_LINGER_MS 1000 /* from END_REQUEST to the peer's close */

/* Record types, FastCGI specification §8. */
enum record {
	RECORD_BEGIN = 1,
	RECORD_ABORT = 2,
	RECORD_END = 3,
	RECORD_PARAMS = 4,
	RECORD_STDIN = 5,
	RECORD_STDOUT = 6,
	RECORD_STDERR = 7
};

/* One conversation: which bytes, in which portions, and when to leave. */
struct talk {
	const char *socket; /* path */
	const struct buf *stream;
	int id;                  /* that the answer must carry */
	size_t cut[REPLAY_CUTS]; /* ascending: a write ends at each */
	size_t cuts;
	bool every;     /* one byte a write */
	int keep;       /* the peer may keep the connection */
	bool head;      /* a HEAD: the body may be left out */
	bool leave;     /* close once stop is reached, unanswered */
	bool again;     /* in a crowd: whoever is sent away comes again */
	size_t stop;    /* bytes after which nothing more is sent */
	int sip;        /* bytes of the answer to read at a time; 0: any */
	int pause_ms;   /* between writes, and sips */
	int timeout_ms; /* for the whole conversation */
};

/* What came back; fault is the first breach of the protocol, or "". */
struct answer {
	struct buf raw; /* every byte */
	struct buf out; /* the content of STDOUT: head and body */
	size_t parsed;  /* bytes of raw that whole records took */
	size_t body;    /* where the body begins in out */
	int status;     /* 0: no head was read */
	bool out_ended, ended, closed;
	int64_t ms; /* to END_REQUEST, or to the close */
	struct why fault;
};

/* Append one stream of a request, in records padded to 8 as nginx does. */
void wire_add(struct buf *, enum record, int id, const void *, size_t);

/* Append one name and value of PARAMS content. */
void wire_pair(struct buf *, const char *name, size_t name_len,
    const char *value, size_t value_len);

/* How far the stream of a talk has been sent. */
struct sending {
	size_t sent, end;
	int64_t due; /* no write before it */
};

/*
 * Send what the socket takes, up to the next cut.  A peer that no longer
 * listens ends our sending, not the conversation.
 */
void wire_say(const struct talk *, int fd, struct sending *);

/* A connection that blocks at most timeout_ms in any call; -1 with errno. */
int wire_connect(const char *path, int timeout_ms);

/* Talk, and judge the form of the answer.  False: cannot connect. */
bool wire_talk(const struct talk *, struct answer *);

/* The same judgement of an answer's bytes that came earlier. */
void answer_read(struct answer *, const struct talk *, const struct buf *raw);

/* The value of a header, without blanks around; NULL if it is absent. */
const char *answer_header(const struct answer *, const char *name, size_t *len);

/* What follows the head; "" if nothing does. */
const void *answer_body(const struct answer *, size_t *len);

void answer_free(struct answer *);

/*
 * Many peers at once, in a process of their own.  Each says its part and then
 * stays, reading nothing but what talk->sip allows.
 */
struct crowd {
	int pid, fd;
};

/*
 * Returns when all have come and, if so wanted, have been answered.  False:
 * they could not.  crowd_stop() in any case; false if it could not go on.
 */
bool crowd_start(struct crowd *, const struct talk *, int count, bool answered);
bool crowd_stop(struct crowd *);

/*
 * Format and size by the picture's own header, and a look at its end: false
 * if it is none of our output formats or visibly cut off.
 */
bool image_measure(const unsigned char *, size_t, enum format *, int *width,
    int *height);

/* One parameter of the request. */
struct field {
	char *name;
	struct buf value;
};

struct play;

/* holds: or says in why what came instead. */
struct rule {
	const char *word;
	int args;
	bool (*holds)(const struct play *, char *const arg[2],
	    const struct answer *, struct why *);
};

struct expect {
	int line;
	const struct rule *rule; /* NULL: arg[0] is set from arg[1] */
	char *arg[2];
};

/* The rule of that name, or NULL. */
const struct rule *rule_find(const char *);

/* One case of a dump, ready to run. */
struct play {
	int line;
	const char *name;
	const char *dump; /* path of the file */
	struct field field[REPLAY_FIELDS];
	size_t fields;
	struct expect expect[REPLAY_EXPECTS];
	size_t expects;
	struct buf body, stream;
	struct talk talk;
	char *send; /* the words of @send, or NULL */
	bool raw;   /* the stream is a file's bytes */
	int role, repeat;
	int at;            /* the line being read */
	int hold;          /* peers that hold the line meanwhile */
	size_t hold_bytes; /* of the request, said by each of them */
};

/* A file, cut into lines; what stands before line first holds for all. */
struct dump {
	const char *name;
	struct line {
		int number;
		char *text;
	} * line;
	size_t lines, first, at;
};

/* A mistake in a dump is its author's: say where, exit 2. */
void dump_complain(const char *, ...)
    __attribute__((noreturn, format(printf, 1, 2)));

/* The line that the next complaint is about. */
void dump_at(const char *file, int line);

/* Numbers and pairs of hex digits as dumps write them, or a complaint. */
int dump_number(const char *, int min, int max);
int dump_hex(const char *);

/* strdup or a complaint. */
char *text_copy(const char *);

/* Append a line's text: ${NAME}, ${c*N} (c, N times), \xHH and \\. */
void text_expand(struct buf *, const char *);

void dump_open(struct dump *, const char *path);
void dump_close(struct dump *);

/*
 * The next case, to be freed; false at the end.  cheap: it says that it has a
 * copy, unless it says something else, so that nothing is converted for it.
 */
bool dump_next(struct dump *, struct play *, const char *socket, int timeout_ms,
    bool cheap);

/* The request that stands before the first case, alone. */
void dump_probe(const struct dump *, struct play *, const char *socket,
    int timeout_ms);

void play_free(struct play *);

/* Variables: -D and captures.  NULL if there is none of that name. */
const struct buf *var_get(const char *name);
void var_set(const char *name, const void *, size_t);

#endif
