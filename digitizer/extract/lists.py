"""Closed lists of values: ethnic groups, nationalities, codes of papers, surnames."""

from __future__ import annotations

# fmt: off
#: ethnic groups (Quyết định 121-TCTK/PPCĐ, 1979), with the sub-names that the Ministry's import sheet allows
ETHNIC_GROUPS = (
    "Kinh", "Tày", "Thái", "Mường", "Khmer", "Hoa", "Nùng", "Mông", "Dao", "Gia Rai", "Ê Đê", "Ba Na", "Sán Chay",
    "Chăm", "Cơ Ho", "Xơ Đăng", "Sán Dìu", "Hrê", "Ra Glai", "Mnông", "Thổ", "Xtiêng", "Khơ Mú", "Bru-Vân Kiều",
    "Cơ Tu", "Giáy", "Tà Ôi", "Mạ", "Giẻ Triêng", "Co", "Chơ Ro", "Xinh Mun", "Hà Nhì", "Chu Ru", "Lào", "La Chí",
    "Kháng", "Phù Lá", "La Hủ", "La Ha", "Pà Thẻn", "Lự", "Ngái", "Chứt", "Lô Lô", "Mảng", "Cơ Lao", "Bố Y", "Cống",
    "Si La", "Pu Péo", "Rơ Măm", "Brâu", "Ơ Đu", "Mông (Mèo)", "Sán Chay (Cao Lan)", "Tày (Thổ)", "Dao (Mán)",
    "Nùng (Giang)", "Người nước ngoài", "Khác",
)
# fmt: on
#: nationalities as papers name them
NATIONALITIES = (
    "Việt Nam",
    "Trung Quốc",
    "Đài Loan",
    "Hàn Quốc",
    "Hoa Kỳ",
    "Mỹ",
    "Lào",
    "Campuchia",
    "Nhật Bản",
    "Pháp",
    "Đức",
    "Úc",
    "Ca-na-đa",
    "Nga",
    "Anh",
    "Không quốc tịch",
)
#: codes at the end of paper numbers (TT 04/2020/TT-BTP, NĐ 30/2020/NĐ-CP)
PAPER_CODES = (
    *("TLKS", "TLKS-BS", "TLKH", "TLKH-BS", "TLKT", "TLKT-BS", "TLCMC", "TLCMC-BS", "TLGH", "TLGH-BS", "TL-BS"),
    *("UBND-XNTTHN", "XNTTHN", "GBT", "GBT-UBND", "GCS", "QĐ-UBND", "QĐ-CT", "UBND", "UBND-TP", "UBND-HT", "GGT", "GGT-UBND"),
)
#: surnames of the northern mountains that `name-syllables.tsv` lacks, from general knowledge. Used for implausibility only
SURNAMES = (
    *("Nông", "Ma", "Hà", "Triệu", "Bàn", "Phàn", "Chẩu", "Quan", "Lương", "La", "Nịnh", "Sầm", "Lục", "Vi", "Giàng", "Sùng"),
    *("Vàng", "Thào", "Ly", "Hầu", "Mua", "Lò", "Lường", "Quàng", "Tẩn", "Chảo", "Vừ", "Hờ"),
    *("Lầu", "Cứ", "Tráng", "Sình", "Thền", "Lừu", "Cháng", "Hạng", "Hảng", "Lù", "Ngải", "Chúng", "Ninh", "Mùa", "Tòng", "Cà"),
)
