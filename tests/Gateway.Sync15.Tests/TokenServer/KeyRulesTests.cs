using CsCheck;
using Lockstep.Core.Assignments;
using Lockstep.Gateway.Sync15.TokenServer;

namespace Lockstep.Gateway.Sync15.Tests.TokenServer;

/// <summary>Which keys may follow which, rule by rule.</summary>
public sealed class KeyRulesTests
{
    private static readonly UserKeys Known = new(1000, "aa", 900);
    private static readonly string[] Former = ["bb", "aa"];

    /// <summary>Of the request: generation, fingerprint, keys changed at; 0 is not said. What a client is told; null where it is let through.</summary>
    public static TheoryData<string, long, string, long, string?> Rules => new()
    {
        { "the same again", 1000, "aa", 900, null },
        { "nothing said but the key", 0, "aa", 900, null },
        { "a new password", 1001, "aa", 900, null },
        { "a reset", 1200, "cc", 1100, null },
        { "a reset, of which the generation is not said", 0, "cc", 1100, null },
        { "a: keys newer than the generation", 1100, "aa", 1101, "invalid-keysChangedAt: Unauthorized" },
        { "a: as new as the generation", 1100, "aa", 1100, null },
        { "a goes before b", 1100, "", 1101, "invalid-keysChangedAt: Unauthorized" },
        { "a goes before f", 999, "aa", 1101, "invalid-keysChangedAt: Unauthorized" },
        { "b: no key any more", 1000, "", 900, "invalid-client-state: Unacceptable client-state value empty string" },
        { "b goes before f", 900, "", 900, "invalid-client-state: Unacceptable client-state value empty string" },
        { "c: a key of before", 2000, "bb", 2000, "invalid-client-state: Unacceptable client-state value stale value" },
        { "c goes before d", 1000, "bb", 1000, "invalid-client-state: Unacceptable client-state value stale value" },
        { "c: the key in use, which a store of before had too", 1000, "aa", 900, null },
        { "d: another key and the generation of before", 1000, "cc", 1000, "invalid-client-state: Unacceptable client-state value new value with no generation change" },
        { "d: another key and an older generation", 999, "cc", 999, "invalid-client-state: Unacceptable client-state value new value with no generation change" },
        { "e: another key that changed when the one in use did", 1001, "cc", 900, "invalid-client-state: Unacceptable client-state value new value with no keys_changed_at change" },
        { "e: another key that is older", 0, "cc", 899, "invalid-client-state: Unacceptable client-state value new value with no keys_changed_at change" },
        { "f: an older password", 999, "aa", 900, "invalid-generation: Unauthorized" },
        { "f goes before g", 999, "aa", 899, "invalid-generation: Unauthorized" },
        { "g: the key as it was before", 1000, "aa", 899, "invalid-keysChangedAt: Unauthorized" },
        { "h: the key's age is not said any more", 1000, "aa", 0, "invalid-keysChangedAt: Unauthorized" },
        { "h: nor with another key", 1001, "cc", 0, "invalid-keysChangedAt: Unauthorized" },
    };

    [Theory]
    [MemberData(nameof(Rules))]
    public void Keys_ThatFollowOthers_AreTakenOrRefused_ByTheFirstRuleThatApplies(string rule, long generation, string fingerprint, long keysChangedAt, string? refused)
    {
        var (next, error) = KeyRules.Judge(Known, Former, new UserKeys(generation, fingerprint, keysChangedAt));

        Assert.True(refused == (error is null ? null : $"{error.Status}: {error.Description}"), $"{rule}: {error}");
        Assert.Equal(error is null ? fingerprint : Known.Fingerprint, next.Fingerprint);
        Assert.Equal(error is null ? 0 : 401, error?.HttpStatus ?? 0);
    }

    [Theory]
    [InlineData(0, 0, 0, 0, 0, 0)]
    [InlineData(0, 0, 5, 0, 5, 0)]
    [InlineData(0, 0, 0, 7, 7, 7)]
    [InlineData(5, 0, 0, 7, 7, 7)]
    [InlineData(9, 0, 0, 7, 9, 7)]
    [InlineData(9, 7, 0, 7, 9, 7)]
    [InlineData(9, 7, 0, 8, 9, 8)]
    [InlineData(9, 7, 0, 10, 10, 10)]
    [InlineData(9, 7, 12, 10, 12, 10)]
    public void Numbers_ThatAreNotSaid_StayOrFollowFromTheOther(
        long knownGeneration, long knownKeys, long generation, long keysChangedAt, long nextGeneration, long nextKeys)
    {
        var (next, error) = KeyRules.Judge(new UserKeys(knownGeneration, "aa", knownKeys), [], new UserKeys(generation, "aa", keysChangedAt));

        Assert.Null(error);
        Assert.Equal(new UserKeys(nextGeneration, "aa", nextKeys), next);
    }

    [Fact]
    public void Numbers_OfAnyRequestsInAnyOrder_NeverGoBack_AndNoFormerKeyIsTaken()
    {
        var keys = Gen.Select(Gen.Long[0, 6], Gen.OneOf(Gen.Const(""), Gen.Const("aa"), Gen.Const("bb"), Gen.Const("cc")), Gen.Long[0, 6], (generation, fingerprint, changed) => new UserKeys(generation, fingerprint, changed));
        keys.Array[1, 30].Sample(requests =>
        {
            var known = requests[0];
            var former = new List<string>();
            foreach (var asked in requests)
            {
                var (next, error) = KeyRules.Judge(known, former, asked);
                if (next.Generation < known.Generation || next.KeysChangedAt < known.KeysChangedAt || (error is not null && next != known))
                {
                    return false;
                }

                if (next.Fingerprint != known.Fingerprint)
                {
                    if (former.Contains(next.Fingerprint) || next.Fingerprint.Length == 0)
                    {
                        return false;
                    }

                    former.Add(known.Fingerprint);
                }

                known = next;
            }

            return true;
        });
    }
}
