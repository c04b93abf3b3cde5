/* Evaluations of SPF by libspf2, for spf_peers.py: reads "ip sender helo times" a line, prints the result and
 * the seconds that it took. warm: libspf2's cache over its resolver, CPU time; cold: its resolver alone, by
 * the wall clock. The server is 127.0.0.1 at the port of the command line: libspf2 asks res_ninit, which knows
 * no ports, so it is wrapped here. */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <arpa/nameser.h>
#include <dlfcn.h>
#include <netinet/in.h>
#include <resolv.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include <spf2/spf.h>

static unsigned short dns_port;

int __res_ninit(res_state state) {
  int (*real)(res_state) = (int (*)(res_state))dlsym(RTLD_NEXT, "__res_ninit");
  const int result = real(state);
  state->nscount = 1;
  memset(&state->nsaddr_list[0], 0, sizeof state->nsaddr_list[0]);
  state->nsaddr_list[0].sin_family = AF_INET;
  state->nsaddr_list[0].sin_port = htons(dns_port);
  state->nsaddr_list[0].sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return result;
}

static const char* evaluate(SPF_server_t* server, const char* ip, const char* sender, const char* helo) {
  SPF_request_t* request = SPF_request_new(server);
  SPF_response_t* response = NULL;
  const char* result;
  SPF_request_set_ipv4_str(request, ip);
  SPF_request_set_helo_dom(request, helo);
  SPF_request_set_env_from(request, sender);
  SPF_request_query_mailfrom(request, &response);
  result = SPF_strresult(SPF_response_result(response));
  SPF_response_free(response);
  SPF_request_free(request);
  return result;
}

static double seconds(clockid_t clock) {
  struct timespec now;
  clock_gettime(clock, &now);
  return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

int main(int argc, char** argv) {
  char ip[64], sender[300], helo[300];
  int times;
  SPF_server_t* server;
  clockid_t clock;
  if (argc != 3) return 64;
  dns_port = (unsigned short)atoi(argv[2]);
  clock = strcmp(argv[1], "warm") == 0 ? CLOCK_PROCESS_CPUTIME_ID : CLOCK_MONOTONIC;
  server = SPF_server_new(strcmp(argv[1], "warm") == 0 ? SPF_DNS_CACHE : SPF_DNS_RESOLV, 0);
  while (scanf("%63s %299s %299s %d", ip, sender, helo, &times) == 4) {
    const char* result = evaluate(server, ip, sender, helo); /* fills the cache */
    const double start = seconds(clock);
    for (int i = 0; i < times; ++i) result = evaluate(server, ip, sender, helo);
    printf("%s %.6f\n", result, seconds(clock) - start);
    fflush(stdout);
  }
  SPF_server_free(server);
  return 0;
}
