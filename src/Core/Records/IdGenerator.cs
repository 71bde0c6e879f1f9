using System.Security.Cryptography;

namespace Lockstep.Core.Records;

/// <summary>Makes ids for objects that come without one.</summary>
/// <remarks>The shapes are those of Kinto's generators.</remarks>
public static class IdGenerator
{
    private const string Alphabet = "abcdefghijklmnopqrstuvwxyz0123456789";

    // 103 random bits. Kinto has 8 characters, of which two are equal among some ten thousand ids.
    private const int Length = 20;

    /// <returns>A UUID for a record; for a bucket, collection or group lower-case letters and digits.</returns>
    public static string Next(ListRole role) =>
        role == ListRole.Records ? Guid.NewGuid().ToString() : RandomNumberGenerator.GetString(Alphabet, Length);
}
