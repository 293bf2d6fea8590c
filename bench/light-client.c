// A client that sends "List" again and again over a Unix socket, with one request in flight, and prints its latencies in µs.
//   light-client PATH SECONDS      asks the server at PATH
//   light-client --echo SECONDS    asks a child process that answers at once: the cost of the client and of the kernel
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

enum { ANSWER_BYTES = 1300, MOST_BYTES = 1 << 20, MOST_SAMPLES = 1 << 20 };
static const char REQUEST[] = {6, 0, 0, 0, '"', 'L', 'i', 's', 't', '"'};
static char answer[MOST_BYTES];
static double samples[MOST_SAMPLES];

static void fail(const char *what) {
  perror(what);
  exit(1);
}

static double now(void) {
  struct timespec time;
  clock_gettime(CLOCK_MONOTONIC, &time);
  return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

/** The processor time that this process has used, in µs. */
static double used(void) {
  struct rusage usage;
  getrusage(RUSAGE_SELF, &usage);
  return (usage.ru_utime.tv_sec + usage.ru_stime.tv_sec) * 1e6 + usage.ru_utime.tv_usec + usage.ru_stime.tv_usec;
}

static int connect_to(const char *path) {
  struct sockaddr_un address = {.sun_family = AF_UNIX};
  if (strlen(path) >= sizeof address.sun_path) {
    fprintf(stderr, "%s is too long for a socket's path\n", path);
    exit(1);
  }
  strcpy(address.sun_path, path);
  int client = socket(AF_UNIX, SOCK_STREAM, 0);
  if (connect(client, (struct sockaddr *)&address, sizeof address) != 0) fail(path);
  return client;
}

// The child process answers each request at once with a frame of about the size of a server's answer.
static int connect_to_echo(void) {
  int ends[2];
  if (socketpair(AF_UNIX, SOCK_STREAM, 0, ends) != 0) fail("socketpair");
  pid_t child = fork();
  if (child < 0) fail("fork");
  if (child > 0) {
    close(ends[1]);
    return ends[0];
  }
  close(ends[0]);
  uint32_t length = ANSWER_BYTES - 4;
  memcpy(answer, &length, 4);
  char request[sizeof REQUEST];
  while (read(ends[1], request, sizeof request) > 0)
    if (write(ends[1], answer, ANSWER_BYTES) != ANSWER_BYTES) break;
  _exit(0);
}

static void ask(int client) {
  if (write(client, REQUEST, sizeof REQUEST) != sizeof REQUEST) fail("write");
  size_t have = 0, need = 4;
  while (have < need) {
    ssize_t count = read(client, answer + have, sizeof answer - have);
    if (count <= 0) fail("the server ended the connection");
    have += count;
    if (have >= 4) {
      uint32_t length;
      memcpy(&length, answer, 4);
      need = 4 + (size_t)length;
      if (need > sizeof answer) fail("the answer is too large");
    }
  }
}

static int ascending(const void *a, const void *b) {
  double difference = *(const double *)a - *(const double *)b;
  return (difference > 0) - (difference < 0);
}

int main(int count, char **arguments) {
  if (count != 3) {
    fprintf(stderr, "usage: light-client PATH|--echo SECONDS\n");
    return 2;
  }
  int client = strcmp(arguments[1], "--echo") == 0 ? connect_to_echo() : connect_to(arguments[1]);
  // Like the other load generator, it warms up for 0.7 s.
  double begin = now() + 0.7e6, end = begin + atof(arguments[2]) * 1e6;
  size_t taken = 0, asked = 0;
  double cpu = used();
  for (double before = now(); before < end && taken < MOST_SAMPLES;) {
    ask(client);
    asked += 1;
    double after = now();
    if (before >= begin) samples[taken++] = after - before;
    before = after;
  }
  if (taken == 0) {
    fprintf(stderr, "no request was answered in time\n");
    return 1;
  }
  cpu = (used() - cpu) / asked;
  qsort(samples, taken, sizeof *samples, ascending);
  printf("{\"p50\":%.2f,\"p99\":%.2f,\"cpu\":%.2f}\n", samples[taken / 2], samples[taken * 99 / 100], cpu);
  return 0;
}
