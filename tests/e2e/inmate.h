/* Every attempt that inmate makes from inside a sandbox. */
#ifndef TESTS_E2E_INMATE_H
#define TESTS_E2E_INMATE_H

#include <stdint.h>

#define MEMORY INT64_C(0x10000000) /* a converter's, bytes */

enum {
	FILE_HELD = 10,   /* a file that is open for reading and writing */
	SOCKET_HELD = 11, /* one end of a pair */
	ROOT_HELD = 12    /* the root, as O_PATH */
};

/* Returns what the system call did: negative with errno, or else. */
typedef long attempt_fn(void);

extern const char *inmate_root;

/* Opens a name in the root. */
long in_root(const char *name, int flags);

attempt_fn open_secret;
attempt_fn open_lookup;
attempt_fn open_memory;
attempt_fn open_inside;
attempt_fn open_beneath;
attempt_fn open_way_out;
attempt_fn write_inside;
attempt_fn create_inside;
attempt_fn list_root;
attempt_fn remove_inside;
attempt_fn stat_secret;
attempt_fn execute;
attempt_fn fork_child;
attempt_fn trace_parent;
attempt_fn read_parent;
attempt_fn kill_parent;
attempt_fn signal_parent;
attempt_fn signal_self;
attempt_fn open_pidfd;
attempt_fn inet_socket;
attempt_fn unix_socket;
attempt_fn netlink_socket;
attempt_fn socket_pair;
attempt_fn datagram_pair;
attempt_fn connect_held;
attempt_fn bind_held;
attempt_fn write_file;
attempt_fn write_stderr;
attempt_fn write_other;
attempt_fn write_own;
attempt_fn pwrite_file;
attempt_fn writev_file;
attempt_fn cut_file;
attempt_fn send_other;
attempt_fn map_file;
attempt_fn map_code;
attempt_fn anonymous_file;
attempt_fn take_memory;
attempt_fn take_descriptors;
attempt_fn more_descriptors;
attempt_fn become_dumpable;
attempt_fn new_namespace;
attempt_fn new_keys;
attempt_fn new_ring;
attempt_fn load_program;
attempt_fn by_handle;
attempt_fn mount_nothing;
attempt_fn type_into_terminal;
attempt_fn open_by_thread;

#if defined(__x86_64__) && defined(__LP64__)
attempt_fn call_x32;
attempt_fn call_i386;
#endif

#endif
