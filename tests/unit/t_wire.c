#include "serve/wire.h"

#include <fcntl.h>
#include <pthread.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/clock.h"
#include "test.h"

#define BIG (3 * 1024 * 1024)

static void
small_talk(void)
{
	struct wire_head head;
	char text[8] = "";
	int pair[2], passed;

	CHECK(wire_pair(pair));
	CHECK(fcntl(pair[0], F_GETFD) & FD_CLOEXEC);
	EQ_INT(wire_send2(pair[0], WIRE_HELLO, 7, "abc", 3, "de", 2, -1,
	           WIRE_FOREVER),
	    WIRE_OK);
	EQ_INT(wire_recv_head(pair[1], &head, &passed, WIRE_FOREVER), WIRE_OK);
	EQ_INT(head.type, WIRE_HELLO);
	EQ_INT(head.serial, 7);
	EQ_INT((int64_t)head.len, 5);
	EQ_INT(passed, -1);
	EQ_INT(wire_recv_body(pair[1], text, 5, WIRE_FOREVER), WIRE_OK);
	EQ_STR(text, "abcde");
	close(pair[0]);
	EQ_INT(wire_recv_head(pair[1], &head, &passed, WIRE_FOREVER), WIRE_END);
	EQ_INT(wire_send(pair[1], WIRE_KILL, 1, NULL, 0, -1, WIRE_FOREVER),
	    WIRE_END);
	close(pair[1]);
}

static void
passing_descriptors(void)
{
	struct wire_head head;
	char byte = 'x', got = 0;
	int pair[2], pipes[2], passed;

	CHECK(wire_pair(pair));
	CHECK(pipe(pipes) == 0);
	/* Two in a row: each comes with its own message. */
	for (int i = 0; i < 2; i++)
		EQ_INT(wire_send(pair[0], WIRE_JOB, (uint32_t)i, "job", 3,
		           pipes[i], WIRE_FOREVER),
		    WIRE_OK);
	for (int i = 0; i < 2; i++) {
		char body[3];

		EQ_INT(wire_recv_head(pair[1], &head, &passed, WIRE_FOREVER),
		    WIRE_OK);
		EQ_INT(head.serial, i);
		CHECK(passed >= 0 && fcntl(passed, F_GETFD) & FD_CLOEXEC);
		EQ_INT(wire_recv_body(pair[1], body, 3, WIRE_FOREVER), WIRE_OK);
		close(pipes[i]);
		pipes[i] = passed;
	}
	CHECK(write(pipes[1], &byte, 1) == 1);
	CHECK(read(pipes[0], &got, 1) == 1);
	EQ_INT(got, byte);
	for (int i = 0; i < 2; i++) {
		close(pipes[i]);
		close(pair[i]);
	}
}

static void
deadlines(void)
{
	struct wire_head head;
	char *big = calloc(1, BIG);
	int64_t began = clock_ms();
	int pair[2], passed;

	CHECK(wire_pair(pair));
	EQ_INT(wire_recv_head(pair[1], &head, &passed, began + 50), WIRE_LATE);
	CHECK(clock_ms() - began >= 50);
	/* Nobody reads: a body that does not fit is late, not for ever. */
	EQ_INT(wire_send(pair[0], WIRE_REPLY, 0, big, BIG, -1, clock_ms() + 50),
	    WIRE_LATE);
	/* Half a head, then silence. */
	close(pair[0]);
	close(pair[1]);
	CHECK(wire_pair(pair));
	CHECK(write(pair[0], "1234567", 7) == 7);
	EQ_INT(wire_recv_head(pair[1], &head, &passed, clock_ms() + 50),
	    WIRE_LATE);
	CHECK(write(pair[0], "1234567", 7) == 7);
	close(pair[0]);
	EQ_INT(wire_recv_head(pair[1], &head, &passed, clock_ms() + 1000),
	    WIRE_END);
	close(pair[1]);
	free(big);
}

static void *
send_big(void *arg)
{
	char *big = malloc(BIG);

	for (int i = 0; i < BIG; i++)
		big[i] = (char)(i * 7);
	EQ_INT(wire_send(*(int *)arg, WIRE_REPLY, 0, big, BIG, -1,
	           WIRE_FOREVER),
	    WIRE_OK);
	free(big);
	return NULL;
}

/* Far more than a socket holds, so both sides must wait for each other. */
static void
large_bodies(void)
{
	struct wire_head head;
	char *big = malloc(BIG);
	bool same = true;
	pthread_t sender;
	int pair[2], passed;

	CHECK(wire_pair(pair));
	pthread_create(&sender, NULL, send_big, &pair[0]);
	EQ_INT(wire_recv_head(pair[1], &head, &passed, WIRE_FOREVER), WIRE_OK);
	EQ_INT((int64_t)head.len, BIG);
	EQ_INT(wire_recv_body(pair[1], big, BIG, clock_ms() + 10000), WIRE_OK);
	pthread_join(sender, NULL);
	for (int i = 0; i < BIG; i++)
		same = same && big[i] == (char)(i * 7);
	CHECK(same);
	free(big);
	close(pair[0]);
	close(pair[1]);
}

int
main(void)
{
	small_talk();
	passing_descriptors();
	deadlines();
	large_bodies();
	return test_end("t_wire");
}
