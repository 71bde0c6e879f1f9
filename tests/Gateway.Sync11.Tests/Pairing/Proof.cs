using System.Numerics;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;

namespace Lockstep.Gateway.Sync11.Tests.Pairing;

/// <summary>Schnorr's proof that somebody knows an exponent, and which of the two it is.</summary>
/// <param name="Gr">The generator to a random number.</param>
/// <param name="B">That number less the exponent times the hash.</param>
/// <param name="Id">Who proves it.</param>
internal sealed record Proof(string Gr, string B, string Id)
{
    private const int SecretBytes = 32;

    public static Proof Of(BigInteger exponent, BigInteger generator, string id)
    {
        var v = RandomExponent();
        var gr = JPakeGroup.Power(generator, v);
        var b = JPakeGroup.Mod(v - (exponent * Hash(generator, gr, JPakeGroup.Power(generator, exponent), id)));
        return new Proof(JPakeGroup.Hex(gr), JPakeGroup.Hex(b), id);
    }

    public static Proof Read(JsonElement json) => new(json.GetProperty("gr").GetString()!, json.GetProperty("b").GetString()!, json.GetProperty("id").GetString()!);

    public static BigInteger RandomExponent() => new(RandomNumberGenerator.GetBytes(SecretBytes), isUnsigned: true);

    /// <summary>Whether it is of this power of the generator, by that one.</summary>
    public bool Holds(BigInteger power, BigInteger generator, string id)
    {
        var gr = JPakeGroup.Parse(Gr);
        return Id == id && gr == JPakeGroup.Power(generator, JPakeGroup.Parse(B)) * JPakeGroup.Power(power, Hash(generator, gr, power, id)) % JPakeGroup.P;
    }

    public object ToJson() => new { gr = Gr, b = B, id = Id };

    private static BigInteger Hash(BigInteger generator, BigInteger gr, BigInteger power, string id) =>
        new(SHA256.HashData(Encoding.ASCII.GetBytes($"{JPakeGroup.Hex(generator)} {JPakeGroup.Hex(gr)} {JPakeGroup.Hex(power)} {id}")), isUnsigned: true, isBigEndian: true);
}
