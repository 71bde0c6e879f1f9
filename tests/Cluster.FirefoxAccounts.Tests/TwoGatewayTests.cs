using Lockstep.Core.KeyedAccounts;
using Lockstep.Gateway.FirefoxAccounts.Accounts;
using Microsoft.Extensions.DependencyInjection;

namespace Lockstep.Gateway.FirefoxAccounts.Tests;

/// <summary>One account, by two gateways at once.</summary>
public sealed class TwoGatewayTests(AccountsServer server) : IClassFixture<AccountsServer>
{
    private const int Rounds = 3;
    private const int Racers = 4;

    [Fact]
    public async Task RacingChangesResetsSignInsAndDeletions_LeaveOneConsistentAccount()
    {
        using var elsewhere = await server.AnonymousElsewhereAsync();
        for (var round = 0; round < Rounds; round++)
        {
            var person = await server.NewPersonAsync();
            Person[] at = [person, person.By(elsewhere)];
            var key = await person.KeyAsync();

            // :: Changes, one reset and sign-ins with the old password, each by one gateway or the other.
            var changes = new List<(string Path, string Token, string AuthPw, byte[] Unwrap, bool KeepsKey)>();
            for (var i = 0; i < Racers; i++)
            {
                var token = (await at[i % 2].PostAsync("/password/change/start", new { email = person.Email, oldAuthPW = person.AuthPw })).Ok().String("passwordChangeToken");
                changes.Add(("password/change/finish", AccountClient.Bearer(token, "passwordChangeToken"), AccountClient.RandomHex(32), Convert.FromHexString(AccountClient.RandomHex(32)), true));
            }

            changes.Add(("account/reset", AccountClient.Bearer(await ResetAsync(person), "accountResetToken"), AccountClient.RandomHex(32), person.UnwrapKey, false));
            var answers = changes.Select((change, i) =>
            {
                var body = new Dictionary<string, string>(StringComparer.Ordinal) { ["authPW"] = change.AuthPw, ["clientSalt"] = AccountClient.NewSalt() };
                if (change.KeepsKey)
                {
                    body["wrapKb"] = Convert.ToHexStringLower(AccountClient.Xor(key, change.Unwrap));
                }

                return at[i % 2].Client.PostAsync("/auth/v1/" + change.Path, body, change.Token);
            }).ToList();
            var signIns = Enumerable.Range(0, Racers).Select(i => at[i % 2].LoginAsync()).ToList();
            var changed = await Task.WhenAll(answers);
            var signedIn = await Task.WhenAll(signIns);

            // :: One has won, and of before it nothing is left, at either.
            var winner = Assert.Single(Enumerable.Range(0, changes.Count), i => changed[i].Status == 200);
            Assert.All(changed.Where((_, i) => i != winner), static answer => answer.Refused(401, 110));
            foreach (var session in signedIn.Where(static answer => answer.Status == 200).Select(static answer => answer.String("sessionToken")).Append(person.Session))
            {
                (await at[0].GetAsync("/session/status", session)).Refused(401, 110);
                (await at[1].GetAsync("/session/status", session)).Refused(401, 110);
            }

            foreach (var one in at)
            {
                one.SetPassword(changes[winner].AuthPw, changes[winner].Unwrap);
                one.Session = changed[winner].String("sessionToken");
                var now = await one.KeyAsync();
                Assert.Equal(changes[winner].KeepsKey, key.SequenceEqual(now));
            }

            // :: The deletion by one, while somebody signs in and takes the address again by the other.
            var deletion = at[0].PostAsync("/account/destroy", new { email = person.Email, authPW = at[0].AuthPw });
            var late = Enumerable.Range(0, Racers).Select(i => at[i % 2].LoginAsync()).ToList();
            var again = Enumerable.Range(0, 2).Select(i => at[1 - i].Client.PostAsync(
                "/auth/v1/account/create", new { email = person.Email, authPW = AccountClient.RandomHex(32), clientSalt = AccountClient.NewSalt() })).ToList();
            var lateOnes = await Task.WhenAll(late);
            var made = await Task.WhenAll(again);
            (await deletion).Ok();

            Assert.InRange(made.Count(static answer => answer.Status == 200), 0, 1);
            foreach (var session in lateOnes.Where(static answer => answer.Status == 200).Select(static answer => answer.String("sessionToken")))
            {
                (await at[0].GetAsync("/session/status", session)).Refused(401, 110);
                (await at[1].GetAsync("/session/status", session)).Refused(401, 110);
            }

            foreach (var one in at)
            {
                Assert.Equal("""{"exists":false}""", (await one.Client.GetAsync($"/auth/v1/account/status?uid={person.Uid}")).Ok().Text);
                foreach (var answer in made.Where(static answer => answer.Status == 200))
                {
                    (await one.GetAsync("/session/status", answer.String("sessionToken"))).Ok();
                }
            }
        }
    }

    private async Task<string> ResetAsync(Person person)
    {
        var store = server.Services.GetRequiredService<IKeyedAccountStore>();
        var account = (await store.FindByUidAsync(person.Uid, CancellationToken.None))!;
        var link = (await ResetLink.MakeAsync(store, account, skipsSecondFactor: false, server.Time, CancellationToken.None))!;
        return (await person.Client.PostAsync("/auth/v1/password/forgot/use_link", new { token = link.Split('=')[1] })).Ok().String("accountResetToken");
    }
}
