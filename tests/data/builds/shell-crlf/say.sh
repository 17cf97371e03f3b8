read -r start < /opt/text
echo "$start $WEATHER"
