"""The Maven group of jars that hold no pom.properties: those of Gradle, Ant and Bazel, mostly.

The manifest tells it where ``Implementation-Vendor-Id`` is a group or ``Bundle-SymbolicName`` is
``GROUP.ARTIFACT``. For the best known of the others a table does, made from what Maven Central has
under these names.
"""

from collections.abc import Mapping

from seawall.core.lazy import pattern

_GROUP = pattern(r"[a-z][a-z0-9_-]*(?:\.[a-z0-9_-]+)+")
_PREFIXES = (
    ("spring-boot", "org.springframework.boot"),
    ("spring-security-", "org.springframework.security"),
    ("spring-session-", "org.springframework.session"),
    ("spring-integration-", "org.springframework.integration"),
    ("spring-batch-", "org.springframework.batch"),
    ("spring-ws-", "org.springframework.ws"),
    ("spring-graphql", "org.springframework.graphql"),
    ("spring-kafka", "org.springframework.kafka"),
    ("spring-rabbit", "org.springframework.amqp"),
    ("spring-amqp", "org.springframework.amqp"),
    ("tomcat-embed-", "org.apache.tomcat.embed"),
    ("tomcat-", "org.apache.tomcat"),
    ("catalina", "org.apache.tomcat"),
    ("kotlin-", "org.jetbrains.kotlin"),
    ("kotlinx-", "org.jetbrains.kotlinx"),
    ("lucene-", "org.apache.lucene"),
    ("solr-", "org.apache.solr"),
    ("kafka-", "org.apache.kafka"),
    ("kafka_", "org.apache.kafka"),
    ("micrometer-", "io.micrometer"),
    ("reactor-netty", "io.projectreactor.netty"),
    ("reactor-", "io.projectreactor"),
    ("grpc-", "io.grpc"),
    ("okhttp", "com.squareup.okhttp3"),
    ("okio", "com.squareup.okio"),
    ("retrofit", "com.squareup.retrofit2"),
    ("bcprov-", "org.bouncycastle"),
    ("bcpkix-", "org.bouncycastle"),
    ("bcutil-", "org.bouncycastle"),
    ("bcmail-", "org.bouncycastle"),
    ("bcpg-", "org.bouncycastle"),
    ("bctls-", "org.bouncycastle"),
    ("opensearch", "org.opensearch"),
    ("elasticsearch", "org.elasticsearch"),
    ("opentelemetry-", "io.opentelemetry"),
)
_SPRING = frozenset(
    f"spring-{name}"
    for name in (
        "aop aspects beans context context-indexer context-support core core-test expression "
        "instrument jcl jdbc jms messaging orm oxm r2dbc struts test tx web webflux webmvc "
        "websocket"
    ).split()
)
_NAMES = {
    "postgresql": "org.postgresql",
    "scala-library": "org.scala-lang",
    "scala-reflect": "org.scala-lang",
    "scala-compiler": "org.scala-lang",
    "jakarta.servlet-api": "jakarta.servlet",
    "log4j": "log4j",
    "xalan": "xalan",
    "xercesImpl": "xerces",
    "struts2-core": "org.apache.struts",
    "velocity": "org.apache.velocity",
    "ant": "org.apache.ant",
    "batik-all": "org.apache.xmlgraphics",
    "groovy-all": "org.codehaus.groovy",
    "hsqldb": "org.hsqldb",
    "derby": "org.apache.derby",
    "bsh": "org.beanshell",
    "mysql-connector-java": "mysql",
    "mysql-connector-j": "com.mysql",
    "rhino": "org.mozilla",
    "liquibase-core": "org.liquibase",
    "lombok": "org.projectlombok",
}


def group_of(artifact: str, version: str, manifest: Mapping[str, str]) -> str:
    """The group of a jar; empty where nothing tells."""
    if artifact in _NAMES:
        return _NAMES[artifact]
    if artifact in _SPRING:
        return "org.springframework"
    if artifact == "hibernate-core":  # moved with version 6
        return "org.hibernate" if version.startswith(("3.", "4.", "5.")) else "org.hibernate.orm"
    for prefix, group in _PREFIXES:
        if artifact.startswith(prefix):
            return group
    symbolic = manifest.get("Bundle-SymbolicName", "").partition(";")[0].strip()
    if symbolic.endswith(f".{artifact}"):
        return symbolic.removesuffix(f".{artifact}")
    vendor = manifest.get("Implementation-Vendor-Id", "")
    return vendor if _GROUP.fullmatch(vendor) else ""
