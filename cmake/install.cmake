# What a package lays out, by `DESTDIR=... cmake --install build/release`. Programs are installed by
# postern_program. /usr unless somebody wants another prefix; the configuration is where the program looks for it.
if(CMAKE_INSTALL_PREFIX_INITIALIZED_TO_DEFAULT)
  set_property(CACHE CMAKE_INSTALL_PREFIX PROPERTY VALUE /usr)
endif()
include(GNUInstallDirs)
# Whoever hands packages out is their maintainer; the default is an address that nobody has (RFC 2606).
set(POSTERN_MAINTAINER "postern <packages@postern.invalid>" CACHE STRING "maintainer of the package: Name <address>")
set(docs ${CMAKE_BINARY_DIR}/docs)

set(group_reads OWNER_READ OWNER_WRITE OWNER_EXECUTE GROUP_READ GROUP_EXECUTE)
install(DIRECTORY DESTINATION /etc/postern DIRECTORY_PERMISSIONS ${group_reads})
install(DIRECTORY DESTINATION /etc/postern/dkim DIRECTORY_PERMISSIONS ${group_reads})
install(FILES ${CMAKE_SOURCE_DIR}/conf/postern.yaml DESTINATION /etc/postern
  PERMISSIONS OWNER_READ OWNER_WRITE GROUP_READ)

install(FILES ${CMAKE_SOURCE_DIR}/systemd/postern.service ${CMAKE_SOURCE_DIR}/systemd/postern.socket
  DESTINATION lib/systemd/system)
install(FILES ${CMAKE_SOURCE_DIR}/systemd/postern.sysusers DESTINATION lib/sysusers.d RENAME postern.conf)
install(FILES ${CMAKE_SOURCE_DIR}/systemd/postern.tmpfiles DESTINATION lib/tmpfiles.d RENAME postern.conf)

install(FILES ${CMAKE_SOURCE_DIR}/README.md ${CMAKE_SOURCE_DIR}/conf/postern.minimal.yaml
  ${CMAKE_SOURCE_DIR}/packaging/debian/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR})
install(FILES ${CMAKE_SOURCE_DIR}/packaging/debian/lintian-overrides
  DESTINATION ${CMAKE_INSTALL_DATADIR}/lintian/overrides RENAME postern)
install(DIRECTORY ${CMAKE_SOURCE_DIR}/conf/kubernetes DESTINATION ${CMAKE_INSTALL_DOCDIR}/examples)

# What is linked in statically, or is nothing but headers, wants its notice to go along (Boost does not).
foreach(library libcli11-dev libsqlitecpp-dev)
  install(FILES /usr/share/doc/${library}/copyright DESTINATION ${CMAKE_INSTALL_DOCDIR}
    RENAME copyright.${library} OPTIONAL)
endforeach()

# Manual pages and changelog are compressed as Debian wants them, without the time in the file: two builds are
# the same.
find_program(GZIP gzip REQUIRED)
function(compress from name)
  add_custom_command(OUTPUT ${docs}/${name}.gz
    COMMAND ${CMAKE_COMMAND} -E make_directory ${docs}
    COMMAND ${GZIP} -9nc ${from} > ${docs}/${name}.gz
    DEPENDS ${from} VERBATIM)
  set_property(GLOBAL APPEND PROPERTY postern_docs ${docs}/${name}.gz)
endfunction()
foreach(page postern.8 postern-sandbox.8 postern.yaml.5)
  compress(${CMAKE_SOURCE_DIR}/docs/${page} ${page})
  string(REGEX MATCH "[58]$" section ${page})
  install(FILES ${docs}/${page}.gz DESTINATION ${CMAKE_INSTALL_MANDIR}/man${section})
endforeach()
configure_file(${CMAKE_SOURCE_DIR}/packaging/debian/changelog.in ${docs}/changelog @ONLY)
compress(${docs}/changelog changelog)
install(FILES ${docs}/changelog.gz DESTINATION ${CMAKE_INSTALL_DOCDIR})

# The completions are made by the program itself, from its own commands, and lie where each shell of Debian
# looks for those of packages.
function(complete shell name folder)
  set(script ${docs}/completion/${shell}/${name})
  add_custom_command(OUTPUT ${script}
    COMMAND ${CMAKE_COMMAND} -E make_directory ${docs}/completion/${shell}
    COMMAND postern completion ${shell} > ${script}
    DEPENDS postern VERBATIM)
  set_property(GLOBAL APPEND PROPERTY postern_docs ${script})
  install(FILES ${script} DESTINATION ${CMAKE_INSTALL_DATADIR}/${folder})
endfunction()
complete(bash postern bash-completion/completions)
complete(zsh _postern zsh/vendor-completions)
complete(fish postern.fish fish/vendor_completions.d)

get_property(made GLOBAL PROPERTY postern_docs)
add_custom_target(postern_docs ALL DEPENDS ${made})
