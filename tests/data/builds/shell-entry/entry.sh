# Says what it was given, and runs it.
echo "$# words"
exec "$@"
