# SPDX-License-Identifier: MIT
# A recipe for the Yocto Project (kirkstone or later), to be copied into a layer of yours. libmodbus, libmosquitto and jansson are in
# meta-openembedded (meta-oe, meta-networking). Point SRC_URI and SRCREV at your copy of the source.
SUMMARY = "Bridge between Modbus equipment and Enapter Cloud"
LICENSE = "MIT"
LIC_FILES_CHKSUM = "file://LICENSE;md5=f5f4ec052b713c03e87a4281ad12ed7c"

SRC_URI = "git://${MODBRIDGE_GIT};protocol=https;branch=main"
SRCREV ?= "${AUTOREV}"
S = "${WORKDIR}/git"

DEPENDS = "jansson libmodbus libyaml mosquitto openssl sqlite3"

inherit cmake pkgconfig systemd useradd

EXTRA_OECMAKE = "-DMODBRIDGE_WERROR=OFF"

USERADD_PACKAGES = "${PN}"
USERADD_PARAM:${PN} = "--system --home-dir ${localstatedir}/lib/modbridge --no-create-home --shell /sbin/nologin --groups dialout modbridge"

SYSTEMD_SERVICE:${PN} = "modbridge.service"

do_install:append() {
    install -d ${D}${sysconfdir}/modbridge/mappings
    install -D -m 0644 ${S}/bridge/deploy/debian/modbridge.service ${D}${systemd_system_unitdir}/modbridge.service
    install -D -m 0644 ${S}/bridge/deploy/debian/modbridge@.service ${D}${systemd_system_unitdir}/modbridge@.service
    install -D -m 0644 ${S}/bridge/deploy/debian/modbridge.tmpfiles ${D}${nonarch_libdir}/tmpfiles.d/modbridge.conf
    install -D -m 0644 ${S}/bridge/deploy/debian/modbridge.udev ${D}${nonarch_base_libdir}/udev/rules.d/60-modbridge.rules
    install -D -m 0644 ${S}/bridge/deploy/site.yaml ${D}${docdir}/modbridge/site.yaml
}

FILES:${PN} += "${systemd_system_unitdir} ${nonarch_libdir}/tmpfiles.d ${nonarch_base_libdir}/udev ${datadir}/modbridge"
