# What is installed, and a Debian package of it that names the libraries it needs; the
# container image is made of that (kind-config/cronjob/Dockerfile):
#
#   cpack --config build/CPackConfig.cmake -B FOLDER      # FOLDER/faultline.deb
install(TARGETS faultline faultline-agent faultline-delay RUNTIME DESTINATION bin)
install(DIRECTORY scenarios DESTINATION share/faultline)
install(FILES LICENSE DESTINATION share/doc/faultline RENAME copyright)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_PACKAGE_CONTACT "The Faultline authors")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "Does a message broker keep its promises when its cluster breaks?")
set(CPACK_STRIP_FILES ON)
set(CPACK_DEBIAN_FILE_NAME faultline.deb)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_DEPENDS ca-certificates)
# For --provider local.
set(CPACK_DEBIAN_PACKAGE_SUGGESTS "e2fsprogs, iproute2, iptables, xfsprogs")
include(CPack)
