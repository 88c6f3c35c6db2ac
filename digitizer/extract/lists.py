"""Closed lists of the field.

Ethnic groups: Quyết định 121-TCTK/PPCĐ (1979), with the sub-names the Ministry's import sheet allows.
"""

from __future__ import annotations

# fmt: off
ETHNIC_GROUPS = (
    "Kinh", "Tày", "Thái", "Mường", "Khmer", "Hoa", "Nùng", "Mông", "Dao", "Gia Rai", "Ê Đê", "Ba Na", "Sán Chay",
    "Chăm", "Cơ Ho", "Xơ Đăng", "Sán Dìu", "Hrê", "Ra Glai", "Mnông", "Thổ", "Xtiêng", "Khơ Mú", "Bru-Vân Kiều",
    "Cơ Tu", "Giáy", "Tà Ôi", "Mạ", "Giẻ Triêng", "Co", "Chơ Ro", "Xinh Mun", "Hà Nhì", "Chu Ru", "Lào", "La Chí",
    "Kháng", "Phù Lá", "La Hủ", "La Ha", "Pà Thẻn", "Lự", "Ngái", "Chứt", "Lô Lô", "Mảng", "Cơ Lao", "Bố Y", "Cống",
    "Si La", "Pu Péo", "Rơ Măm", "Brâu", "Ơ Đu", "Mông (Mèo)", "Sán Chay (Cao Lan)", "Tày (Thổ)", "Dao (Mán)",
    "Nùng (Giang)", "Người nước ngoài", "Khác",
)
# fmt: on
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
#: what numbers of papers end in: TT 04/2020/TT-BTP, NĐ 30/2020/NĐ-CP
PAPER_CODES = (
    *("TLKS", "TLKS-BS", "TLKH", "TLKH-BS", "TLKT", "TLKT-BS", "TLCMC", "TLCMC-BS", "TLGH", "TLGH-BS", "TL-BS"),
    *("UBND-XNTTHN", "XNTTHN", "GBT", "GBT-UBND", "GCS", "QĐ-UBND", "QĐ-CT", "UBND", "UBND-TP", "UBND-HT", "GGT", "GGT-UBND"),
)
#: surnames of the northern mountains beside those of `name-syllables.tsv`, from general knowledge: for doubts only
SURNAMES = (
    *("Nông", "Ma", "Hà", "Triệu", "Bàn", "Phàn", "Chẩu", "Quan", "Lương", "La", "Nịnh", "Sầm", "Lục", "Vi", "Giàng", "Sùng"),
    *("Vàng", "Thào", "Ly", "Hầu", "Mua", "Lò", "Lường", "Quàng", "Tẩn", "Chảo", "Vừ", "Hờ"),
    *("Lầu", "Cứ", "Tráng", "Sình", "Thền", "Lừu", "Cháng", "Hạng", "Hảng", "Lù", "Ngải", "Chúng", "Ninh", "Mùa", "Tòng", "Cà"),
)
