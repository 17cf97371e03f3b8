#include <stdio.h>
#include <unistd.h>

int main(void) {
    printf("user %d acts as %d\n", (int)getuid(), (int)geteuid());
    return 0;
}
