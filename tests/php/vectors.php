<?php

// php vectors.php FILE: mint every line of seal-vectors.txt again.

declare(strict_types=1);

require __DIR__ . '/mint.php';

$good = 0;
$bad = 0;
foreach (file($argv[1], FILE_IGNORE_NEW_LINES) as $number => $line) {
    if ($line === '' || $line[0] === '#') {
        continue;
    }
    [$id, $hex, $site, $path, $text, $token] = explode("\t", $line);
    if (imgfcgi_mint("$id:$hex", $site, $path, $text) === $token) {
        $good++;
        continue;
    }
    $bad++;
    echo $argv[1], ':', $number + 1, ": another token\n";
}
echo "$good vectors agree\n";
exit($bad === 0 && $good > 0 ? 0 : 1);
