# For cpu/avx/amx.cc of Bochs 3.1, whose tile products of signed bytes take them for unsigned.
# TDPBSSD, TDPBSUD: the first factor is signed; TDPBSSD, TDPBUSD: the second (Intel SDM volume 2, TDPBSSD).
/^BX_CPP_INLINE Bit32u DPBDS[SU]/,/^}/ {
  /xbyte\[4\]/ s/Bit8u/Bit8s/g
}
/^BX_CPP_INLINE Bit32u DPBD[SU]S/,/^}/ {
  /ybyte\[4\]/ s/Bit8u/Bit8s/g
}
