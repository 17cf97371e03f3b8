#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words) {
    const char *greeting = getenv("GREETING");
    printf("%s, %s\n", greeting ? greeting : "(none)", count > 1 ? words[1] : "(nobody)");
    return 0;
}
