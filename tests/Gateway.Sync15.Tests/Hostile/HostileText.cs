using System.Text;

namespace Lockstep.Gateway.Sync15.Tests.Hostile;

/// <summary>Chooses, and breaks, by a seed.</summary>
internal sealed class HostileText(Random random)
{
    public bool OneIn(int many) => random.Next(many) == 0;

    public int UpTo(int most) => random.Next(most + 1);

    public T Of<T>(params ReadOnlySpan<T> from) => from[random.Next(from.Length)];

    /// <summary>Cuts it, turns bits, or puts bytes in that no text has.</summary>
    public byte[] Broken(byte[] body)
    {
        if (body.Length == 0)
        {
            return body;
        }

        switch (random.Next(4))
        {
            case 0:
                return body[..random.Next(body.Length)];
            case 1:
                var at = random.Next(body.Length);
                return [.. body[..at], Of<byte>(0, 0xFF, 0xC0, 0x80, (byte)'\n', (byte)'"', (byte)'{', (byte)']'), .. body[at..]];
            default:
                byte[] copy = [.. body];
                for (var more = random.Next(1, 4); more > 0; more--)
                {
                    copy[random.Next(copy.Length)] = (byte)random.Next(256);
                }

                return copy;
        }
    }

    public static byte[] Bytes(string text) => Encoding.UTF8.GetBytes(text);
}
