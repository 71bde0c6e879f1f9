namespace Lockstep.Bench.Simulation;

/// <summary>
/// A cluster and its clients, second by second, device by device. In each second
/// <list type="number">
/// <item>machines get the CPU of a second;</item>
/// <item>requests that wait are served in their order, those whose password is to be hashed in a queue of their own; those that have waited too long are refused;</item>
/// <item>devices whose time has come ask: they are served, wait, or are refused where too many wait. A refusal costs the gateway something too;</item>
/// <item>each device that was answered, refused or met with nobody decides when it asks again.</item>
/// </list>
/// One of so many devices is simulated, with as large a part of the machines. Each user has one gateway, and users are spread evenly.
/// </summary>
/// <param name="costs">The inputs.</param>
/// <param name="size">The machines.</param>
/// <param name="outage">What is away.</param>
/// <param name="clients">Each kind of client, with how many of it are simulated.</param>
/// <param name="oneOf">Devices that each simulated one stands for.</param>
/// <param name="seed">For all dice.</param>
internal sealed class Storm(Costs costs, ClusterSize size, Outage outage, IReadOnlyList<(Client Client, int Count)> clients, int oneOf, int seed)
{
    private readonly Random random = new(seed);
    private readonly double devicesOfAUser = costs["devices"];
    private readonly double refusal = costs["refusal.gateway"];
    private readonly int retryAfter = (int)costs["retry.after"];
    private readonly int signInSeats = (int)Math.Ceiling(costs["hash.seats"] * size.Gateways / oneOf);
    private readonly int requestSeats = (int)Math.Ceiling(costs["requests.seats"] * size.Gateways / oneOf);
    private readonly Client[] kinds = [.. clients.SelectMany(static one => Enumerable.Repeat(one.Client, one.Count))];
    private readonly Queue<(int Device, int Second)> signIns = new();
    private readonly Queue<(int Device, int Second)> requests = new();
    private readonly List<int> answered = [];
    private readonly List<long> waits = [];
    private int[] failures = [];
    private bool[] knows = [];
    private bool[] isBack = [];
    private List<int>?[] due = [];
    private StormSecond now;
    private long othersRefused;

    public Budget Budget { get; } = new(costs, size, oneOf);

    /// <param name="seconds">How long.</param>
    /// <param name="spread">Seconds over which the first requests are spread; null for the interval of each client.</param>
    public StormResult Run(int seconds, int? spread = null)
    {
        (failures, isBack, due) = (new int[kinds.Length], new bool[kinds.Length], new List<int>?[seconds]);
        knows = new bool[UserOf(kinds.Length - 1) + 1];
        Array.Fill(knows, true);
        for (var device = 0; device < kinds.Length; device++)
        {
            // Streams are open, and break when the outage begins.
            var isStream = kinds[device].AfterAnswer() is null;
            Schedule(device, isStream ? kinds[device].AfterFailure(1, retryAfter: null, random) : random.Next(spread ?? kinds[device].Interval));
        }

        var all = new List<StormSecond>(seconds);
        for (var second = 0; second < seconds; second++)
        {
            all.Add(Pass(second));
        }

        return new StormResult(all, answered, Enumerable.Range(0, kinds.Length).Count(device => outage.Concerns(UserOf(device))), waits, othersRefused);
    }

    private StormSecond Pass(int second)
    {
        if (second == outage.Until && outage.GatewaysForget)
        {
            Array.Clear(knows);
        }

        now = default;
        Budget.Refill();
        ServeWaiting(signIns, costs["hash.patience"], second);
        ServeWaiting(requests, costs["requests.patience"], second);
        foreach (var device in due[second] ?? [])
        {
            now = now with { Arrived = now.Arrived + 1 };
            Take(device, second);
        }

        due[second] = null;
        return now with { Waiting = signIns.Count + requests.Count };
    }

    private void ServeWaiting(Queue<(int Device, int Second)> queue, double patience, int second)
    {
        while (queue.TryPeek(out var next))
        {
            if (second - next.Second > patience)
            {
                Refuse(next.Device, second, isAnswered: true);
            }
            else if (!TryServe(next.Device, next.Second, second))
            {
                return;
            }

            queue.Dequeue();
        }
    }

    private void Take(int device, int second)
    {
        if (outage.Hits(second, UserOf(device)))
        {
            Refuse(device, second, outage.IsAnswered);
            return;
        }

        var (queue, seats) = IsSignIn(device) ? (signIns, signInSeats) : (requests, requestSeats);
        if (queue.Count == 0 && TryServe(device, second, second))
        {
            return;
        }

        if (queue.Count < seats)
        {
            queue.Enqueue((device, second));
        }
        else
        {
            Refuse(device, second, isAnswered: true);
        }
    }

    private bool TryServe(int device, int arrived, int second)
    {
        var user = UserOf(device);
        if (Budget.TryTake(user, IsSignIn(device)) is not { } cost)
        {
            return false;
        }

        now = now with { Served = now.Served + 1, Spent = now.Spent + cost };
        (knows[user], failures[device]) = (true, 0);
        if (!outage.Concerns(user))
        {
            waits.AddRange(Enumerable.Repeat(0L, Math.Max(0, second - arrived + 1 - waits.Count)));
            waits[second - arrived]++;
        }
        else if (second >= outage.Until && !isBack[device])
        {
            isBack[device] = true;
            answered.Add(second - outage.Until);
        }

        if (kinds[device].AfterAnswer() is { } seconds)
        {
            Schedule(device, second + seconds);
        }

        return true;
    }

    private void Refuse(int device, int second, bool isAnswered)
    {
        now = now with { Failed = now.Failed + 1 };
        othersRefused += outage.Concerns(UserOf(device)) ? 0 : 1;
        Budget.Owe(isAnswered ? refusal : 0);
        Schedule(device, second + Math.Max(1, kinds[device].AfterFailure(++failures[device], isAnswered ? retryAfter : null, random)));
    }

    /// <summary>What comes after the end of the simulation is left out.</summary>
    private void Schedule(int device, int second)
    {
        if (second < due.Length)
        {
            (due[second] ??= []).Add(device);
        }
    }

    private bool IsSignIn(int device) => kinds[device].HasPassword && !knows[UserOf(device)];

    private int UserOf(int device) => (int)(device / devicesOfAUser);
}
