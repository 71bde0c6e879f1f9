using System.Buffers;
using System.Text;

namespace Lockstep.Gateway.Sync11.Users;

/// <summary>
/// Texts as clients send them. They write the low byte of each character: of a password, which they turn into UTF-8 before, that is UTF-8; of an address, which they
/// do not, it is Latin-1. So what is no UTF-8 is Latin-1, byte by byte.
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
