#include <stdio.h>
#include <stdlib.h>

int main(int count, char **words) {
    if (count != 3) {
        fputs("give two numbers\n", stderr);
        return 2;
    }
    printf("%d\n", atoi(words[1]) * atoi(words[2]));
    return 0;
}
