# Run in a guest of a test, and nowhere else: ignores what asks it to end, makes as many processes as it may, and fills its disk.
trap '' TERM INT HUP QUIT PWR
echo fighting
(while :; do cat /dev/zero >>/root/full 2>/dev/null || :; done) &
while :; do
    (trap '' TERM INT HUP QUIT PWR; while :; do sleep 1000; done) 2>/dev/null &
done 2>/dev/null
