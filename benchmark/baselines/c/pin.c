/* `pin CPU PROGRAM ARGUMENT...` runs a program on one core; what it starts stays there, too. */
#include "common.h"

int main(int count, char **words) {
  if (count < 3) {
    fprintf(stderr, "usage: pin CPU PROGRAM ARGUMENT...\n");
    return 2;
  }
  pin(atoi(words[1]));
  execvp(words[2], words + 2);
  die(words[2]);
}
