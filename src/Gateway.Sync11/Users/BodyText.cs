using System.Buffers;
using System.Text;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>
/// Texts as clients send them: as the low byte of each character. They convert a password to UTF-8 first, so it arrives as UTF-8. They do not convert an
/// address, so it arrives as Latin-1. Therefore bytes that are not UTF-8 are read as Latin-1, one by one.
/// </summary>
internal static class BodyText
{
    public static string Decode(ReadOnlySpan<byte> bytes)
    {
        var text = new StringBuilder(bytes.Length);
        while (bytes.Length > 0)
        {
            if (Rune.DecodeFromUtf8(bytes, out var rune, out var length) == OperationStatus.Done)
            {
                text.Append(rune.ToString());
            }
            else
            {
                text.Append((char)bytes[0]);
                length = 1;
            }

            bytes = bytes[length..];
        }

        return text.ToString();
    }
}
