# SPDX-License-Identifier: MIT
# A recipe for the Yocto Project (kirkstone or later), to be copied into a layer of yours that sets MODBRIDGE_GIT, your copy of the source
# (git.example.com/modbridge.git), and SRCREV:pn-modbridge, the commit. jansson and libmodbus are in meta-oe, mosquitto is in meta-networking.
SUMMARY = "Bridge between Modbus equipment and Enapter Cloud"
DESCRIPTION = "Polls Modbus equipment as maps in YAML describe it, publishes what it reads over MQTT, and turns commands into register writes \
whose outcome is read back."
HOMEPAGE = "https://${MODBRIDGE_GIT}"
SECTION = "net"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=f5f4ec052b713c03e87a4281ad12ed7c"

DEPENDS = "jansson libmodbus libyaml mosquitto openssl sqlite3"

PV = "0.1.0+git"
# The folder that S is by default, in old and new releases.
SRC_URI = "git://${MODBRIDGE_GIT};protocol=https;branch=main;destsuffix=${BP}"

inherit bash-completion cmake features_check pkgconfig systemd useradd

REQUIRED_DISTRO_FEATURES = "systemd"
# Elsewhere gcc has no 128-bit integers; with clang (meta-clang) take this away.
COMPATIBLE_HOST = "(aarch64|mips64|powerpc64|riscv64|x86_64).*-linux.*"

PACKAGECONFIG ??= "web"
PACKAGECONFIG[web] = "-DMODBRIDGE_WEB=ON,-DMODBRIDGE_WEB=OFF,libmicrohttpd"

# The path of the source has no place in the program, and warnings of another compiler end no build.
EXTRA_OECMAKE = "-DMODBRIDGE_WERROR=OFF -DMODBRIDGE_SOURCE_MAPPINGS=${datadir}/modbridge/mappings"

do_install:append() {
    install -d ${D}${sysconfdir}/modbridge/mappings
    install -d ${D}${systemd_system_unitdir}
    install -m 0644 ${S}/bridge/deploy/debian/modbridge.service ${S}/bridge/deploy/debian/modbridge@.service ${D}${systemd_system_unitdir}
    if ${@bb.utils.contains('PACKAGECONFIG', 'web', 'true', 'false', d)}; then
        install -m 0644 ${S}/bridge/deploy/debian/modbridge-web.service ${S}/bridge/deploy/debian/modbridge-web@.service ${D}${systemd_system_unitdir}
    fi
    install -D -m 0644 ${S}/bridge/deploy/debian/modbridge.tmpfiles ${D}${nonarch_libdir}/tmpfiles.d/modbridge.conf
    install -D -m 0644 ${S}/bridge/deploy/debian/modbridge.udev ${D}${nonarch_base_libdir}/udev/rules.d/60-modbridge.rules
    install -D -m 0644 ${S}/bridge/deploy/site.yaml ${D}${docdir}/modbridge/site.yaml
}

PACKAGES =+ "${PN}-web"

FILES:${PN} += "${systemd_system_unitdir} ${nonarch_libdir}/tmpfiles.d ${nonarch_base_libdir}/udev ${datadir}/modbridge"
FILES:${PN}-web = "${bindir}/modbridge-web ${systemd_system_unitdir}/modbridge-web.service ${systemd_system_unitdir}/modbridge-web@.service"

RDEPENDS:${PN}-web = "${PN}"

SYSTEMD_PACKAGES = "${PN} ${@bb.utils.contains('PACKAGECONFIG', 'web', '${PN}-web', '', d)}"
SYSTEMD_SERVICE:${PN} = "modbridge.service"
SYSTEMD_SERVICE:${PN}-web = "modbridge-web.service"
# Who may see the page is settled first (docs/web.md).
SYSTEMD_AUTO_ENABLE:${PN}-web = "disable"

USERADD_PACKAGES = "${PN}"
USERADD_PARAM:${PN} = "--system --home-dir ${localstatedir}/lib/modbridge --no-create-home --shell ${base_sbindir}/nologin --groups dialout \
    --user-group modbridge"
