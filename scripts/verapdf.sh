#!/bin/sh
# veraPDF, the reference validator of PDF/A: `scripts/verapdf.sh --flavour 2b --format text FILE…`
# Its jars come once from Maven Central, version and hashes checked by Maven, into a cache outside of the repository.
set -eu
VERSION=1.28.2
CACHE=${VERAPDF_HOME:-${XDG_CACHE_HOME:-$HOME/.cache}/digitizer/verapdf-$VERSION}
if [ ! -e "$CACHE/ready" ]; then
  mkdir -p "$CACHE"
  cat > "$CACHE/pom.xml" <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion>
<groupId>digitizer</groupId><artifactId>validators</artifactId><version>1</version><dependencies><dependency>
<groupId>org.verapdf.apps</groupId><artifactId>greenfield-apps</artifactId><version>$VERSION</version></dependency></dependencies></project>
POM
  mvn -q -B -f "$CACHE/pom.xml" org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies -DoutputDirectory="$CACHE" >&2
  touch "$CACHE/ready"
fi
exec java -Xmx1g -cp "$CACHE/*" org.verapdf.apps.GreenfieldCliWrapper "$@"
